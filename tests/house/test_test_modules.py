"""Rules about the tests: one kind each, a promise for each claim, a test file for each source file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.sources import ROOT, Source, python_sources, seeded

pytestmark = pytest.mark.house

KINDS = {"unit", "api", "confinement", "leak", "house"}
EXCEPTIONS_PATH = ROOT / "tests/house/files_without_a_test_file.txt"


def marks_of(node: ast.AST) -> Iterator[ast.expr]:
    """Every `pytest.mark.<name>` below a node, called or not."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Attribute) and part.value.attr == "mark":
            yield part


def kinds_of(source: Source) -> list[str]:
    """The kinds that a test module declares for all its tests."""
    return [
        mark.attr
        for statement in source.tree.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark"
        for mark in marks_of(statement.value)
        if isinstance(mark, ast.Attribute) and mark.attr in KINDS
    ]


def claims_of(source: Source) -> set[str]:
    """The promises that a test module says it proves."""
    return {
        argument.value
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("mark.claim")
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def promises(text: str) -> set[str]:
    """The ids in the first column of the table of claims."""
    return set(re.findall(r"^\|\s*(Z\d+)\s*\|", text, flags=re.MULTILINE))


def modules_of_tests() -> list[Source]:
    return [source for source in python_sources("tests") if source.path.rsplit("/", 1)[1].startswith("test_")]


def expected_test_path(source: Source) -> str:
    """Where the tests of a source file are: the same place below tests/unit."""
    parts = source.path.removeprefix("src/echoless/").split("/")
    return "/".join(["tests/unit", *parts[:-1], f"test_{parts[-1]}"])


def untested(sources: list[Source]) -> set[str]:
    return {
        source.path
        for source in sources
        if not source.path.endswith(("/__init__.py", "/__main__.py"))
        and not (ROOT / expected_test_path(source)).exists()
    }


def allowed_untested() -> set[str]:
    lines = EXCEPTIONS_PATH.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


@pytest.mark.parametrize("source", modules_of_tests(), ids=lambda source: source.path)
def test_each_module_declares_the_kind_of_its_folder(source: Source) -> None:
    assert kinds_of(source) == [source.path.split("/")[1]]


def test_a_module_without_a_kind_or_with_two_is_found() -> None:
    assert kinds_of(seeded("tests.unit.x", "import pytest\n")) == []
    two = "import pytest\npytestmark = [pytest.mark.unit, pytest.mark.api]\n"
    assert kinds_of(seeded("tests.unit.x", two)) == ["unit", "api"]


def test_each_promise_has_a_test_and_each_test_a_promise() -> None:
    promised = promises((ROOT / "docs/CLAIMS.md").read_text(encoding="utf-8"))
    proved = set().union(*(claims_of(source) for source in modules_of_tests()))
    assert promised, "no promise found in docs/CLAIMS.md"
    assert promised - proved == set(), "promises that no test proves"
    assert proved - promised == set(), "tests that prove what nobody promised"


def test_claims_and_promises_are_read_as_written() -> None:
    text = '@pytest.mark.claim("Z98")\ndef test_a() -> None: ...\n\npytestmark = [pytest.mark.claim("Z99")]\n'
    assert claims_of(seeded("tests.unit.x", text)) == {"Z98", "Z99"}
    assert promises("| Z7 | words | |\n|Z8| words |\nZ9 is in a sentence\n") == {"Z7", "Z8"}


def test_each_source_file_has_its_test_file() -> None:
    missing = untested(list(python_sources("src"))) - allowed_untested()
    assert missing == set(), "give each a test file in the same place below tests/unit"


def test_the_list_of_exceptions_only_shrinks() -> None:
    assert allowed_untested() <= untested(list(python_sources("src"))), (
        "these have tests now: take them from the list"
    )


def test_a_source_file_without_tests_is_found() -> None:
    assert untested([seeded("echoless.core.never_written", "")]) == {"src/echoless/core/never_written.py"}
