"""The journal: the only words that a process may say.

An event is a member of `Event`; the fields that it may have are listed in `EVENT_FIELDS`: numbers, and short codes
of a closed alphabet. There is no field for free text, so there is nothing to redact. Whoever shows a line checks it
again and says itself which process it came from, and when. Lines are JSON, one per event, written to one
descriptor. Standard logging of libraries is replaced by a counter: how often they spoke, never what they said.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from enum import Enum, StrEnum
from types import TracebackType
from typing import Final, Protocol

FieldValue = int | str | None
_NUMBER_MAX: Final = 2**53


class Event(StrEnum):
    """Every event that exists, by the process that says it."""

    PROCESS_STARTED = "process_started"
    PROCESS_READY = "process_ready"
    PROCESS_EXITED = "process_exited"
    PROCESS_STOPPING = "process_stopping"
    CONFINED = "confined"
    ZERO_RETENTION_REFUSED_BY_HOST = "zero_retention_refused_by_host"
    REQUEST_CLOSED = "request_closed"
    TICKET_LOST = "ticket_lost"
    CONTENT_REFUSED = "content_refused"
    FRAME_REFUSED = "frame_refused"
    ENGINE_RECYCLED = "engine_recycled"
    TEXT_UNJUDGED = "text_unjudged"
    REMOTE_FAILED = "remote_failed"
    REMOTE_KEPT = "remote_kept"
    MIGRATED = "migrated"
    SWEPT = "swept"
    ITEM_ERASED = "item_erased"
    ACCOUNT_DELETED = "account_deleted"
    BACKUP_TAKEN = "backup_taken"
    BACKUP_FAILED = "backup_failed"
    BACKUPS_EXPIRED = "backups_expired"
    LIBRARY_SPOKE = "library_spoke"
    UNEXPECTED_ERROR = "unexpected_error"


class Field(Enum):
    """What a field may hold; strings have a closed alphabet and a length."""

    NUMBER = ""
    CODE = r"[A-Za-z0-9_.:-]{0,64}"
    METHOD = r"[A-Z]{0,7}"
    ROUTE = r"[a-z0-9_./{}-]{0,128}"


_NAMED: Final = {"name": Field.CODE}
_PLACE: Final = {"error": Field.CODE, "module": Field.CODE, "line": Field.NUMBER}
EVENT_FIELDS: Final[Mapping[Event, Mapping[str, Field]]] = {
    Event.PROCESS_STARTED: {**_NAMED, "pid": Field.NUMBER},
    Event.PROCESS_READY: _NAMED,
    Event.PROCESS_EXITED: {
        **_NAMED, "pid": Field.NUMBER, "status": Field.NUMBER, "output_bytes": Field.NUMBER,
    },
    Event.PROCESS_STOPPING: _NAMED,
    Event.CONFINED: {
        "role": Field.CODE, "landlock_abi": Field.NUMBER, "has_seccomp": Field.NUMBER,
        "is_audit_view": Field.NUMBER, "channel_count": Field.NUMBER, "missing_count": Field.NUMBER,
    },
    Event.ZERO_RETENTION_REFUSED_BY_HOST: {"reason": Field.CODE, "assurance": Field.CODE},
    Event.REQUEST_CLOSED: {
        "method": Field.METHOD, "route": Field.ROUTE, "http_status": Field.NUMBER, "duration_ms": Field.NUMBER,
        "mode": Field.CODE, "error": Field.CODE,
    },
    Event.TICKET_LOST: {"error": Field.CODE},
    Event.CONTENT_REFUSED: {"kind": Field.NUMBER, "mode": Field.CODE, "count": Field.NUMBER},
    Event.FRAME_REFUSED: {**_NAMED, "kind": Field.NUMBER, "code": Field.CODE},
    Event.ENGINE_RECYCLED: _NAMED,
    Event.TEXT_UNJUDGED: _NAMED,
    Event.REMOTE_FAILED: {**_NAMED, "http_status": Field.NUMBER},
    Event.REMOTE_KEPT: {**_NAMED, "reason": Field.CODE},
    Event.MIGRATED: {"from_version": Field.NUMBER, "to_version": Field.NUMBER},
    Event.SWEPT: {"kept": Field.CODE, "count": Field.NUMBER, "lag_s": Field.NUMBER},
    Event.ITEM_ERASED: {"count": Field.NUMBER},
    Event.ACCOUNT_DELETED: {"count": Field.NUMBER},
    Event.BACKUP_TAKEN: {"archive_bytes": Field.NUMBER, "count": Field.NUMBER, "duration_ms": Field.NUMBER},
    Event.BACKUP_FAILED: {"error": Field.CODE},
    Event.BACKUPS_EXPIRED: {"count": Field.NUMBER},
    Event.LIBRARY_SPOKE: {"level": Field.NUMBER},
    Event.UNEXPECTED_ERROR: _PLACE,
}  # fmt: skip
"""Which fields an event may have. What is not here cannot be said."""


class Journal(Protocol):
    """Whoever accepts events."""

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Record one event. A field is a number, a boolean or a short code of ours."""
        ...


def checked_fields(event: Event, fields: Mapping[str, FieldValue]) -> dict[str, FieldValue]:
    """Return the fields, each proved to be one that the event may have and to hold what such a field may hold.

    raises: ValueError, without the name or the value, for anything else
    """
    allowed = EVENT_FIELDS[event]
    return {name: _checked(allowed.get(name), value) for name, value in fields.items()}


def _checked(field: Field | None, value: FieldValue) -> FieldValue:
    if isinstance(value, Enum):
        value = value.value
    if value is None and field is not None:
        return value
    if field is Field.NUMBER and isinstance(value, int) and abs(value) <= _NUMBER_MAX:
        return value
    is_text = field not in {None, Field.NUMBER} and isinstance(value, str)
    if field is None or not is_text or re.fullmatch(field.value, str(value)) is None:
        raise ValueError("a journal field is not what its event may have")
    return value


class LineJournal:
    """Writes events as JSON lines to a descriptor that was open before the sandbox.

    descriptor: a pipe or socket; a full pipe drops the line and counts it, since nobody may wait for words
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.dropped_count = 0

    def say(self, event: Event, **fields: FieldValue) -> None:
        """Write one line."""
        record: dict[str, FieldValue] = {"event": event.value}
        line = json.dumps(record | checked_fields(event, fields), separators=(",", ":")) + "\n"
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
        self.events.append((event, checked_fields(event, fields)))


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
