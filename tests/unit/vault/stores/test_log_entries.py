"""Entries of the debug and moderation logs at rest."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Connection

from echoless.core.errors import EcholessError
from echoless.vault.stores.erasing import destroy_keys
from echoless.vault.stores.log_entries import (
    Finding,
    LogBook,
    LogContent,
    LogEntry,
    LogName,
    RequestNamed,
    entries_of_items,
    read_entries,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Row, Write, execute_group
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CONTENT = LogContent(
    "POST /v1/x", "key", "model", "voice", {"seed": 7, "settings.speed": 1.5, "language_code": None}, "text",
    ["line"], "before", "after", "heard", is_cut=True, findings=[Finding("c", "high", ["excerpt"])],
)  # fmt: skip
Rows = Mapping[Write, list[Row]]
ABOUT = RequestNamed("w", "request", "item")


@pytest.fixture
def book(storage: Storage, clock: TurnedClock) -> LogBook:
    storage.keyring.new_workspace_key("w")
    return LogBook(storage.writer, storage.keyring, clock, {LogName.DEBUG: 30, LogName.MODERATION: 0})


async def entries(storage: Storage, log: LogName = LogName.DEBUG, since_ms: int = 0) -> list[LogEntry]:
    await storage.writer.flush()
    return await storage.read(lambda reader: read_entries(reader, log, "w", since_ms=since_ms, count=10))


async def test_an_entry_comes_back_as_it_was_noted(book: LogBook, storage: Storage, clock: TurnedClock) -> None:
    book.note(LogName.DEBUG, ABOUT, "internal_error", CONTENT)
    (entry,) = await entries(storage)
    assert entry.content == CONTENT
    assert (entry.workspace_id, entry.request_id, entry.item_id) == ("w", "request", "item")
    assert (entry.log, entry.code, entry.time_ms) == (LogName.DEBUG, "internal_error", clock.now_ms)
    assert await entries(storage, since_ms=clock.now_ms + 1) == []


async def test_what_is_sealed_prints_no_value() -> None:
    assert (repr(CONTENT), repr(CONTENT.findings[0])) == ("<LogContent>", "<Finding>")


async def test_an_entry_without_its_key_is_gone_and_is_found_by_its_item(book: LogBook, storage: Storage) -> None:
    book.note(LogName.DEBUG, ABOUT, "", CONTENT)
    book.note(LogName.DEBUG, RequestNamed("w", "r", "another"), "", CONTENT)
    newer, older = await entries(storage)
    run = storage.writer.run
    named = await run(lambda connections: entries_of_items(connections, ["item", "unknown"], ["w", "v"]))
    assert named == [older.entry_id]
    assert await run(lambda connections: entries_of_items(connections, ["item"], ["v"])) == []
    await run(lambda connections: destroy_keys(connections, named))
    assert [entry.entry_id for entry in await entries(storage)] == [newer.entry_id]


async def test_a_log_without_a_life_is_not_written(book: LogBook, storage: Storage) -> None:
    book.note(LogName.MODERATION, ABOUT, "", CONTENT)
    assert not book.keeps(LogName.MODERATION)
    assert await entries(storage, LogName.MODERATION) == []


async def test_where_the_writer_is_full_neither_entry_nor_key_is_written(
    book: LogBook, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("echoless.vault.stores.writer._BEHIND_ROWS_MAX", 0)
    book.note(LogName.DEBUG, ABOUT, "", CONTENT)
    assert storage.writer.dropped_count == 2
    assert await entries(storage) == []


async def test_entries_of_a_group_that_fails_are_counted_as_lost_and_the_writer_goes_on(
    book: LogBook, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their keys were committed, so a second try would fail for ever."""
    real = execute_group

    def fail(connection: Connection, rows: Rows, *, are_keys: bool) -> None:
        if not are_keys:
            raise OSError(28, "no space")
        real(connection, rows, are_keys=True)

    monkeypatch.setattr("echoless.vault.stores.writer.execute_group", fail)
    book.note(LogName.DEBUG, ABOUT, "", CONTENT)
    with pytest.raises(EcholessError):
        await storage.writer.flush()
    monkeypatch.undo()
    assert storage.writer.dropped_count == 1
    book.note(LogName.DEBUG, ABOUT, "after", CONTENT)
    assert [entry.code for entry in await entries(storage)] == ["after"]
