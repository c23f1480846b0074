"""The steps by which time takes things away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.vault.stores import ageing
from echoless.vault.stores.erasing import half_deleted
from echoless.vault.stores.jobs import Job, JobState, find_job, job_row
from echoless.vault.stores.log_entries import LogBook, LogContent, LogName, RequestNamed
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.webhooks import Delivery, delivery_row
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import TurnedClock
from tests.unit.vault.stores.test_numbers import request

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_old_requests_go_however_old_and_a_bounded_number_at_a_time(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T40: no lower bound; the bound is exclusive, to the millisecond."""
    monkeypatch.setattr(ageing, "ROWS_STEP", 2)
    for start in (0, 1, 5, 6, 7, 100):
        storage.writer.later(Write.REQUEST_LOG, request(f"r{start}", start))
    await storage.writer.flush()
    run = storage.writer.run
    assert await run(ageing.oldest_request_ms) == 0
    counts = [await run(lambda connections: ageing.delete_requests(connections, 100_000)) for _ in range(4)]
    assert counts == [2, 2, 1, 0]
    assert await run(ageing.oldest_request_ms) == 100_000
    assert await run(lambda connections: ageing.delete_requests(connections, 100_001)) == 1
    assert await run(ageing.oldest_request_ms) is None


async def test_old_deliveries_go(storage: Storage) -> None:
    for time_unix in (3, 9):
        storage.writer.later(Write.WEBHOOK_DELIVERY, delivery_row(Delivery("h", time_unix, 200)))
    await storage.writer.flush()
    assert await storage.writer.run(ageing.oldest_delivery_ms) == 3000
    assert await storage.writer.run(lambda connections: ageing.delete_deliveries(connections, 9000)) == 1
    assert await storage.writer.run(ageing.oldest_delivery_ms) == 9000


async def test_rows_of_ended_jobs_go_and_those_that_wait_stay(storage: Storage) -> None:
    job = Job("j", "kind", "w", 1, 1, 5, {})
    for job_id, state, ended_ms in (("a", JobState.DONE, 10), ("b", JobState.DONE, 20), ("c", JobState.WAITING, 0)):
        row = job_row(replace(job, job_id=job_id, state=state, ended_ms=ended_ms))
        await storage.writer.now((Write.JOB, row))
    assert await storage.writer.run(ageing.oldest_ended_job_ms) == 10
    assert await storage.writer.run(lambda connections: ageing.delete_ended_jobs(connections, 20)) == 1
    assert await storage.read(lambda reader: find_job(reader.vault, "w", "a")) is None
    assert await storage.read(lambda reader: find_job(reader.vault, "w", "c")) is not None


async def test_entries_of_one_log_go_with_their_keys_and_the_other_log_stays(
    storage: Storage, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C56."""
    monkeypatch.setattr(ageing, "SEALED_STEP", 2)
    storage.keyring.new_workspace_key("w")
    lives = {LogName.DEBUG: 30, LogName.MODERATION: 90}
    book = LogBook(storage.writer, storage.keyring, clock, lives)
    for log in (LogName.DEBUG, LogName.DEBUG, LogName.DEBUG, LogName.MODERATION):
        book.note(log, RequestNamed("w", "r", "i"), "", LogContent("POST /", "k"))
        clock.turn(1)
    await storage.writer.flush()
    before_ms, run = clock.now_ms, storage.writer.run
    delete = ageing.delete_entries_of(LogName.DEBUG)
    assert await run(ageing.oldest_entry_of(LogName.DEBUG)) == before_ms - 4000
    assert [await run(lambda connections: delete(connections, before_ms)) for _ in range(3)] == [2, 1, 0]
    assert await run(ageing.oldest_entry_of(LogName.DEBUG)) is None
    assert await run(ageing.oldest_entry_of(LogName.MODERATION)) == before_ms - 1000
    assert await run(lambda connections: len(ageing.items_before(connections, before_ms))) == 0
    assert not [ids for ids in await run(lambda connections: list(half_deleted(connections))) if ids]
