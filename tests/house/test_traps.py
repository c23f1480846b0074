"""docs/TRAPS.md: every trap is there once, with its counter-measure and tests that exist, or the reason why not."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import ROOT
from tests.house.test_check_register import named_tests, unknown_references

pytestmark = pytest.mark.house
TRAP_COUNT = 46
TEXT = (ROOT / "docs/TRAPS.md").read_text(encoding="utf-8")


def rows(text: str) -> dict[int, tuple[str, str, list[str]]]:
    """Trap, counter-measure and tests by number."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"\| T(\d+) \| (.+?) \| (.+?) \| (.*?) ?\|", line)
        if match is not None:
            found[int(match[1])] = (match[2], match[3], re.findall(r"`([^`]+)`", match[4]))
    return found


def test_every_trap_is_there_once() -> None:
    numbers = re.findall(r"^\| T(\d+) ", TEXT, flags=re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, TRAP_COUNT + 1))
    assert list(rows(TEXT)) == list(range(1, TRAP_COUNT + 1))


@pytest.mark.parametrize("number", range(1, TRAP_COUNT + 1))
def test_every_trap_has_tests_or_the_reason_why_not(number: int) -> None:
    trap, done, tests = rows(TEXT)[number]
    assert len(trap) > 20
    assert len(done) > 20
    assert tests or done.startswith("Does not apply: "), "name a test, or say why none applies"


def test_every_test_that_is_named_exists() -> None:
    existing = named_tests()
    wrong = {number: unknown_references(tests, existing) for number, (_, _, tests) in rows(TEXT).items()}
    assert {number: names for number, names in wrong.items() if names} == {}


def test_a_row_that_names_a_test_that_is_not_there_is_found() -> None:
    text = "| T1 | a trap of somebody's | what is done | `unit/x.py::test_never_written` |"
    assert unknown_references(rows(text)[1][2], named_tests()) == ["unit/x.py::test_never_written"]
