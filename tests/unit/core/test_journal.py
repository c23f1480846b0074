"""The journal: words without content."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import (
    EVENT_FIELDS,
    Event,
    FieldValue,
    LineJournal,
    MemoryJournal,
    checked_fields,
    silence_libraries,
    where,
)
from echoless.retention.endpoints import ENDPOINTS, Endpoint

pytestmark = pytest.mark.unit


@pytest.fixture
def logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    saved = (root.handlers[:], root.level, logging.lastResort, logging.raiseExceptions, sys.excepthook)
    yield
    root.handlers[:], root.level, logging.lastResort, logging.raiseExceptions, sys.excepthook = saved


@pytest.mark.claim("Z10")
@pytest.mark.parametrize(
    "value",
    [
        "two words",
        "a@b.example",
        "x" * 129,
        "ünïcode",
        "line\nbreak",
        'quo"te',
        "(bracket)",
        ["words"],
        {"a": "b"},
        1.5,
    ],
    ids=repr,
)
@pytest.mark.parametrize("field", ["error", "route"])
def test_a_field_has_no_room_for_free_text(field: str, value: object) -> None:
    """C31, T5: an e-mail address, a sentence, a name or a list of words does not pass."""
    with pytest.raises(ValueError, match="not what its event may have") as caught:
        checked_fields(Event.REQUEST_CLOSED, {field: value})  # type: ignore[dict-item]  # as a child might send it
    assert str(value) not in str(caught.value)


@pytest.mark.claim("Z10")
@pytest.mark.parametrize(
    "fields", [{"the_name_says_it": 1}, {"pid": "4711"}, {"pid": 2**54}, {"name": 7}, {"pid": 1.5}], ids=repr
)
def test_an_event_has_its_own_fields_of_their_own_types_only(fields: dict[str, FieldValue]) -> None:
    """Neither a field's name nor a number of any length can carry words."""
    with pytest.raises(ValueError, match="not what its event may have") as caught:
        checked_fields(Event.PROCESS_STARTED, fields)
    assert "says" not in str(caught.value)


def test_every_event_has_its_fields() -> None:
    assert set(EVENT_FIELDS) == set(Event)


def test_codes_numbers_and_templates_pass() -> None:
    fields: dict[str, FieldValue] = {
        "method": "POST", "route": "/v1/text-to-speech/{voice}", "http_status": 200, "error": ErrorCode.NOT_FOUND,
    }  # fmt: skip
    assert checked_fields(Event.REQUEST_CLOSED, fields) == fields


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_can_be_said(endpoint: Endpoint) -> None:
    fields: dict[str, FieldValue] = {"method": endpoint.method, "route": endpoint.template}
    assert checked_fields(Event.REQUEST_CLOSED, fields) == fields


def test_an_event_is_one_line_of_json() -> None:
    reader, writer = os.pipe()
    LineJournal(writer).say(Event.PROCESS_STARTED, pid=7)
    assert json.loads(os.read(reader, 1000)) == {"event": "process_started", "pid": 7}
    os.close(reader)
    os.close(writer)


def test_nobody_waits_for_words() -> None:
    """A full or closed pipe drops the line and counts it."""
    reader, writer = os.pipe2(os.O_NONBLOCK)
    journal = LineJournal(writer)
    while journal.dropped_count == 0:
        journal.say(Event.PROCESS_READY)
    os.close(reader)
    journal.say(Event.PROCESS_READY)
    assert journal.dropped_count == 2
    os.close(writer)


@pytest.mark.claim("Z10")
@pytest.mark.usefixtures("logging_restored")
def test_what_a_library_logs_becomes_a_count(capfd: pytest.CaptureFixture[str]) -> None:
    """C24, C26: neither the text, nor its arguments, nor a traceback reach anything."""
    early = logging.getLogger("library.made.early")
    early.addHandler(logging.StreamHandler())
    early.propagate = False
    journal = MemoryJournal()
    silence_libraries(journal)
    early.error("canary %s", "canary", exc_info=ValueError("canary"))
    logging.getLogger("library.made.later").warning("canary")
    logging.getLogger("library.made.later").info("canary")
    assert journal.events == [(Event.LIBRARY_SPOKE, {"level": 40}), (Event.LIBRARY_SPOKE, {"level": 30})]
    assert "canary" not in "".join(capfd.readouterr())


@pytest.mark.usefixtures("logging_restored")
def test_an_uncaught_error_is_its_types_name(capfd: pytest.CaptureFixture[str]) -> None:
    """T4, T5."""
    journal = MemoryJournal()
    silence_libraries(journal)
    error = ValueError("canary")
    sys.excepthook(type(error), error, None)
    assert journal.events[0][1]["error"] == "ValueError"
    assert "canary" not in str(journal.events) + "".join(capfd.readouterr())


def test_where_names_our_line_and_no_value() -> None:
    try:
        checked_fields(Event.TICKET_LOST, {"error": "a canary in a sentence"})
    except ValueError as error:
        shown = where(type(error), error.__traceback__)
    assert shown["module"] == "echoless.core.journal"
    assert "canary" not in str(shown)
