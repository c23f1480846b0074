"""Which parts an audit has: all of them, the quick ones, or those that are named."""

from __future__ import annotations

import pytest

from echoless.audit.options import AuditOptions
from echoless.audit.parts import catalogue
from echoless.audit.parts.catalogue import PARTS, ROUNDS, Part, parts_of
from echoless.core.errors import EcholessError
from tests.unit.audit.conftest import nobody

pytestmark = pytest.mark.unit


def _names(options: AuditOptions) -> list[str]:
    return [part.name for part in parts_of(options)]


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = (Part(ROUNDS, is_quick=True), Part("walls"), Part("words", is_quick=True))
    monkeypatch.setattr(catalogue, "PARTS", parts)


@pytest.mark.usefixtures("three")
def test_an_audit_has_all_parts_a_quick_one_few_and_a_named_one_its_own() -> None:
    assert _names(AuditOptions(nobody)) == [ROUNDS, "walls", "words"]
    assert _names(AuditOptions(nobody, is_quick=True)) == [ROUNDS, "words"]
    assert _names(AuditOptions(nobody, is_quick=True, parts=("walls",))) == ["walls"]
    assert _names(AuditOptions(nobody, parts=("walls", ROUNDS))) == [ROUNDS, "walls"]


def test_a_part_that_there_is_not_is_refused_with_the_list() -> None:
    with pytest.raises(EcholessError, match=ROUNDS):
        parts_of(AuditOptions(nobody, parts=("nonsense",)))


def test_each_part_has_a_name_of_its_own_and_does_something() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    assert all(part.check or part.watch or part.name == ROUNDS for part in PARTS)


@pytest.mark.parametrize("name", [part.name for part in PARTS if part.watch])
def test_what_looks_on_has_something_to_look_at(name: str) -> None:
    """Alone it would pass without a request, and its vault would seal that."""
    assert _names(AuditOptions(nobody, parts=(name,))) == [ROUNDS, name]
