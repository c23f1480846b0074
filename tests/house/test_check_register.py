"""The register of retention checks: every reference leads somewhere, and every number is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from echoless.audit.register.checks import registered_checks
from tests.house.sources import ROOT, python_sources

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


def codes_in_the_audit() -> set[str]:
    """Every number that a part of the audit notes with a check: a string of its own in its source."""
    return {
        node.value
        for source in python_sources("src")
        if source.path.startswith("src/echoless/audit/") and "/register/" not in source.path
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


def test_what_the_audit_is_said_to_run_is_noted_by_it() -> None:
    noted = codes_in_the_audit()
    said = {check.code for check in registered_checks() if check.run_by}
    assert said - noted == set(), "the register says that the audit runs these, and no part of it notes them"


def test_the_scope_of_an_outside_review_is_written_down() -> None:
    text = (ROOT / "docs/PROOF.md").read_text(encoding="utf-8")
    scope = text.partition("## Attack it")[2]
    steps = re.findall(r"^\d+\. \*\*", scope, flags=re.MULTILINE)
    assert len(steps) >= 5, "what a reviewer should try, step by step"
    assert "echoless audit" in scope
