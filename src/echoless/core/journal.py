"""The journal: the only words that a process may say.

An event is a member of `Event`; its fields are numbers, booleans, members of enums or short codes of ours.
There is no field for free text, so there is nothing to redact. Lines are JSON, one per event, written to one
descriptor. Standard logging of libraries is replaced by a counter: how often they spoke, never what they said.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from enum import Enum, StrEnum
from types import TracebackType
from typing import Final, Protocol

FieldValue = int | float | bool | str | None
_CODE: Final = re.compile(r"[A-Za-z0-9_.:/{}+-]{0,128}")


class Event(StrEnum):
    """Every event that exists, by the process that says it."""

    PROCESS_STARTED = "process_started"
    PROCESS_READY = "process_ready"
    PROCESS_EXITED = "process_exited"
    PROCESS_REPLACED = "process_replaced"
    PROCESS_STOPPING = "process_stopping"
    CONFINED = "confined"
    ZERO_RETENTION_REFUSED_BY_HOST = "zero_retention_refused_by_host"
    REQUEST_CLOSED = "request_closed"
    TICKET_LOST = "ticket_lost"
    CONTENT_REFUSED = "content_refused"
    FRAME_REFUSED = "frame_refused"
    ENGINE_RECYCLED = "engine_recycled"
    MIGRATED = "migrated"
    SWEPT = "swept"
    ITEM_ERASED = "item_erased"
    LIBRARY_SPOKE = "library_spoke"
    UNEXPECTED_ERROR = "unexpected_error"


class Journal(Protocol):
    """Whoever accepts events."""

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Record one event. A field is a number, a boolean or a short code of ours."""
        ...


def checked_fields(fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    """Return the fields, each string proved to be a short code.

    raises: ValueError without the value where a string is longer than 128 characters or has characters
            that codes do not use (blanks, `@`, anything beyond ASCII)
    """
    checked: dict[str, FieldValue] = {}
    for name, value in fields.items():
        if isinstance(value, Enum):
            value = value.value  # noqa: PLW2901  # an enum is its code
        if isinstance(value, str) and _CODE.fullmatch(value) is None:
            raise ValueError(f"journal field {name} is not a code")
        checked[name] = value
    return checked


class LineJournal:
    """Writes events as JSON lines to a descriptor that was open before the sandbox.

    descriptor: a pipe or socket; a full pipe drops the line and counts it, since nobody may wait for words
    process:    our name of the process, for example `gateway-0`
    """

    def __init__(self, descriptor: int, process: str) -> None:
        self._descriptor = descriptor
        self._process = process
        self.dropped_count = 0

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Write one line."""
        record = {"unix_s": int(time.time()), "process": self._process, "event": event.value}
        line = json.dumps(record | checked_fields(fields), separators=(",", ":")) + "\n"
        try:
            os.write(self._descriptor, line.encode("ascii"))
        except (BlockingIOError, BrokenPipeError):
            self.dropped_count += 1


class MemoryJournal:
    """Keeps events, for tests."""

    def __init__(self) -> None:
        self.events: list[tuple[Event, dict[str, FieldValue]]] = []

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Remember one event."""
        self.events.append((event, checked_fields(fields)))


class _CountingHandler(logging.Handler):
    """Turns what a library logs into a count by level; the text is never formatted."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(level=logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Say that a library spoke, and at which level."""
        self._journal.say(Event.LIBRARY_SPOKE, level=record.levelno)


def silence_libraries(journal: Journal) -> None:
    """Send every logger of this process to the journal's counter, and uncaught errors to their type's name."""
    root = logging.getLogger()
    root.handlers[:] = [_CountingHandler(journal)]
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False
    for name in tuple(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.lastResort = None

    def excepthook(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
        journal.say(Event.UNEXPECTED_ERROR, **where(kind, trace))

    sys.excepthook = excepthook


def where(kind: type[BaseException], trace: TracebackType | None) -> dict[str, FieldValue]:
    """Return the type's name and the last line of our package in the trace: no message, no values."""
    module, line = "", 0
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.startswith("echoless"):
            module, line = name, trace.tb_lineno
        trace = trace.tb_next
    return {"error": kind.__name__[:64], "module": module[:64], "line": line}
