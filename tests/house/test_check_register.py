"""The register of retention checks: every reference leads somewhere, and every number is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from echoless.audit.register.checks import registered_checks
from tests.house.sources import ROOT, Source, python_sources

pytestmark = pytest.mark.house

_REFERENCE = re.compile(r"[a-z0-9_/]+\.py::test_[a-z0-9_]+")
_CODE = re.compile(r"C([1-9]|[1-5][0-9]|6[0-2])")


@cache
def named_tests() -> set[str]:
    """Every test as the register names it: file below tests/, two colons, function."""
    return {
        f"{source.path.removeprefix('tests/')}::{node.name}"
        for source in python_sources("tests")
        for node in ast.walk(source.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


def runner_of(source: Source) -> str:
    """Who runs a part of the audit: what needs servers of the laboratory is run there, copies are altered."""
    if source.is_in("echoless.audit.altered"):
        return "mutations"
    is_lab = "echoless.audit.lab_server" in source.text or source.is_in("echoless.audit.parts.scrapes")
    return "lab" if is_lab else "audit"


def codes_noted(runner: str) -> set[str]:
    """Every number that what somebody runs notes with a check: a string of its own in its source."""
    return {
        node.value
        for source in python_sources("src")
        if source.path.startswith("src/echoless/audit/") and "/register/" not in source.path
        if runner_of(source) == runner
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value)
    }


def unknown_references(references: Iterator[str] | list[str], existing: set[str]) -> list[str]:
    return [name for name in references if _REFERENCE.fullmatch(name) is None or name not in existing]


def test_every_test_that_the_register_names_exists() -> None:
    existing = named_tests()
    wrong = {check.code: unknown_references(list(check.tests), existing) for check in registered_checks()}
    assert {code: names for code, names in wrong.items() if names} == {}


def test_a_reference_that_leads_nowhere_is_found() -> None:
    existing = named_tests()
    known = registered_checks()[0].tests[0]
    assert unknown_references([known], existing) == []
    assert unknown_references([known + "_x", "no/such.py::test_a", "words"], existing) == [
        known + "_x", "no/such.py::test_a", "words",
    ]  # fmt: skip


@pytest.mark.parametrize("runner", ["audit", "lab", "mutations"])
def test_what_somebody_is_said_to_run_is_what_is_noted_there(runner: str) -> None:
    said = {check.code for check in registered_checks() if runner in check.run_by}
    noted = codes_noted(runner)
    assert said - noted == set(), "the register says that these are run there, and nothing there notes them"
    assert noted - said == set(), "these are noted there: say so in the register"


def test_the_scope_of_an_outside_review_is_written_down() -> None:
    text = (ROOT / "docs/PROOF.md").read_text(encoding="utf-8")
    scope = text.partition("## Attack it")[2]
    steps = re.findall(r"^\d+\. \*\*", scope, flags=re.MULTILINE)
    assert len(steps) >= 5, "what a reviewer should try, step by step"
    assert "echoless audit" in scope
