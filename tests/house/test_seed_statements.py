"""Every statement on retention has a test that carries its number, or a reason why there is none."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from tests.house.sources import ROOT

pytestmark = pytest.mark.house
_ROW = re.compile(r"^\| (S[0-9]+(?:\.[0-9]+)?) \| ([^|]+) \|([^|]*)\|$", re.MULTILINE)
NUMBERS = [f"S{number}" for number in range(1, 29)] + [f"S3.{number}" for number in range(1, 11)]


def statements() -> dict[str, str]:
    """Return the reason of each statement of docs/SEED.md, empty where it needs a test."""
    text = (ROOT / "docs/SEED.md").read_text(encoding="utf-8")
    return {number: reason.strip() for number, _, reason in _ROW.findall(text)}


def numbers_in(source: str) -> dict[str, list[str]]:
    """Return the tests of a module by the numbers that they carry."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        for mark in node.decorator_list:
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.seed":
                for argument in mark.args:
                    found[ast.literal_eval(argument)].append(node.name)
    return found


def marked() -> dict[str, list[str]]:
    """Return all tests by the numbers that they carry."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for number, names in numbers_in(path.read_text(encoding="utf-8")).items():
            found[number] += [f"{path.relative_to(ROOT)}::{name}" for name in names]
    return found


def test_the_list_has_every_statement_once() -> None:
    text = (ROOT / "docs/SEED.md").read_text(encoding="utf-8")
    assert sorted(number for number, _, _ in _ROW.findall(text)) == sorted(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_statement_has_a_test_or_a_reason(number: str) -> None:
    tests, reason = marked()[number], statements()[number]
    assert bool(tests) is not bool(reason), (number, tests, reason)


def test_no_test_carries_a_number_that_is_no_statement() -> None:
    assert set(marked()) <= set(NUMBERS)


def test_a_mark_is_found_and_a_word_in_a_text_is_none() -> None:
    source = (
        '@pytest.mark.seed("S1", "S2")\nasync def test_a() -> None:\n    """S3."""\n\n'
        '@pytest.mark.seed("S4")\ndef helper() -> None: ...\n'
    )
    assert numbers_in(source) == {"S1": ["test_a"], "S2": ["test_a"]}
