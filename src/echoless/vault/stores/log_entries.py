"""The debug log and the moderation log: what was asked for and how it failed, and what a check found.

Both are of DEFAULT requests only and live on their own schedules. Each entry is sealed under a key of its own,
wrapped by its workspace's, so that an entry can be destroyed alone, in backups too. In clear are ids, a time and a
code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import sqlalchemy as sa

from echoless.core.clock import Clock
from echoless.core.ids import new_opaque_id
from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer, Keyring
from echoless.vault.stores.writer import Connections, Writer
from echoless.vault.stores.writing import Row, Write

TEXT_CHARACTERS_MAX: Final = 10_000
"""How much of a text an entry holds; the rest is in the history."""
_ENTRIES: Final = schema.log_entries
_SEALED: Final = "log"
_STEP: Final = 500


class LogName(StrEnum):
    """The two logs that hold content."""

    DEBUG = "debug"
    MODERATION = "moderation"


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """What a check found, in words of closed sets, and the excerpts that it found it in."""

    category: str
    severity: str
    excerpts: list[str]

    def __repr__(self) -> str:
        return "<Finding>"


class LogContent(msgspec.Struct, frozen=True):
    """What is sealed in an entry. It prints no value.

    parameters: settings, seed, language, format and counts of the request
    text:       of the request, cut at a bound; `is_cut` says so
    transcript: of speech to text: the beginning of what was answered
    findings:   of the moderation log
    """

    endpoint: str
    key_id: str
    model_id: str = ""
    voice_id: str = ""
    parameters: dict[str, str | int | float | bool | None] = msgspec.field(default_factory=dict)
    text: str = ""
    dialogue: list[str] = msgspec.field(default_factory=list)
    previous_text: str | None = None
    next_text: str | None = None
    transcript: str = ""
    is_cut: bool = False
    findings: list[Finding] = msgspec.field(default_factory=list)

    def __repr__(self) -> str:
        return "<LogContent>"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry, opened.

    code: of the debug log the error's, empty where nothing failed; of the moderation log what was done
    """

    sequence: int
    entry_id: str
    log: LogName
    workspace_id: str
    request_id: str
    item_id: str
    time_ms: int
    code: str
    content: LogContent


@dataclass(frozen=True, slots=True)
class RequestNamed:
    """Which request an entry is about.

    item_id: of the history item that it made, or would have made
    """

    workspace_id: str
    request_id: str
    item_id: str


class LogBook:
    """Writes entries. Whoever calls has made sure that the request is a DEFAULT one.

    lives: days of each log; one whose life is 0 days is not written at all
    """

    def __init__(self, writer: Writer, keyring: Keyring, clock: Clock, lives: dict[LogName, int]) -> None:
        self._writer = writer
        self._keyring = keyring
        self._clock = clock
        self._lives = lives

    def keeps(self, log: LogName) -> bool:
        """Whether entries of a log are written."""
        return self._lives[log] != 0

    def note(self, log: LogName, about: RequestNamed, code: str, content: LogContent) -> None:
        """Seal an entry and write it behind, together with its key.

        code: a word of a closed set, never content
        """
        if not self.keeps(log):
            return
        entry_id, workspace_id = new_opaque_id(), about.workspace_id
        sealer = ItemSealer.new(entry_id)
        key: Row = {
            "item_id": entry_id, "workspace_id": workspace_id,
            "wrapped": self._keyring.wrap_item_key(workspace_id, entry_id, sealer.key),
        }  # fmt: skip
        row: Row = {
            "entry_id": entry_id, "log": log.value, "workspace_id": workspace_id, "request_id": about.request_id,
            "item_id": about.item_id, "time_ms": self._clock.unix_ms(), "code": code,
            "sealed": sealer.seal(msgspec.msgpack.encode(content), _SEALED, 0),
        }  # fmt: skip
        self._writer.later_together((Write.ITEM_KEY, key), (Write.LOG_ENTRY, row))


def read_entries(
    reader: HistoryReader, log: LogName, workspace_id: str, *, since_ms: int, count: int,
    before_sequence: int = 0, request_id: str = "",
) -> list[LogEntry]:  # fmt: skip
    """Return entries of a workspace, newest first; those without a key are being erased and are gone.

    since_ms: entries that are older have had their days, and are not shown while they wait for their erasure
    before_sequence: 0 for the newest
    """
    conditions = [_ENTRIES.c.workspace_id == workspace_id, _ENTRIES.c.log == log.value]
    conditions.append(_ENTRIES.c.time_ms >= since_ms)
    if before_sequence:
        conditions.append(_ENTRIES.c.sequence < before_sequence)
    if request_id:
        conditions.append(_ENTRIES.c.request_id == request_id)
    statement = sa.select(_ENTRIES).where(*conditions).order_by(_ENTRIES.c.sequence.desc()).limit(count)
    with reader.vault.begin():
        rows = reader.vault.execute(statement).mappings().all()
    opened = (_opened(reader, row) for row in rows)
    return [entry for entry in opened if entry is not None]


def _opened(reader: HistoryReader, row: sa.RowMapping) -> LogEntry | None:
    sealer = reader.sealer(row["workspace_id"], row["entry_id"])
    if sealer is None:
        return None
    content = msgspec.msgpack.decode(sealer.open(row["sealed"], _SEALED, 0), type=LogContent)
    clear = {name: row[name] for name in LogEntry.__slots__ if name not in {"log", "content"}}
    return LogEntry(**clear, log=LogName(row["log"]), content=content)


def entries_of_items(connections: Connections, item_ids: Sequence[str], workspace_ids: Sequence[str]) -> list[str]:
    """Return the ids of all entries that belong to these items of these workspaces, in both logs."""
    statement = sa.select(_ENTRIES.c.entry_id).where(_ENTRIES.c.workspace_id.in_(workspace_ids))
    found: list[str] = []
    with connections.vault.begin():
        for start in range(0, len(item_ids), _STEP):
            batch = item_ids[start : start + _STEP]
            found.extend(connections.vault.execute(statement.where(_ENTRIES.c.item_id.in_(batch))).scalars())
    return found
