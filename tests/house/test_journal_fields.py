"""Whoever says an event says only fields that the event has."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.core.journal import EVENT_FIELDS, Event

pytestmark = pytest.mark.house

SOURCES = sorted(Path(__file__).parents[2].joinpath("src").rglob("*.py"))
_SPEAKERS = {"say", "_say"}


def unknown_fields(tree: ast.AST) -> Iterator[str]:
    """Yield event and field of every call that names a field which its event does not have."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        event = node.args[0]
        if node.func.attr not in _SPEAKERS or not (isinstance(event, ast.Attribute) and _is_event(event)):
            continue
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in EVENT_FIELDS[Event[event.attr]]:
                yield f"{event.attr}: {keyword.arg}"


def _is_event(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "Event"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-3:]))
def test_every_event_is_said_with_its_own_fields(path: Path) -> None:
    """A field that is not listed would stop the process that says it."""
    assert not list(unknown_fields(ast.parse(path.read_text(encoding="utf-8"))))


def test_a_field_that_no_event_has_is_seen() -> None:
    seeded = "self._say(Event.PROCESS_READY, name='x', words='y')\njournal.say(Event.SWEPT, count=1)"
    assert list(unknown_fields(ast.parse(seeded))) == ["PROCESS_READY: words"]
