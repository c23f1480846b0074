"""The one writer: groups, acknowledgements, failures."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.vault.stores import schema
from echoless.vault.stores.drafts import ItemDraft, ItemFacts, ItemHead
from echoless.vault.stores.segments import Part
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import ON_FILES

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def facts(item_id: str) -> ItemFacts:
    return ItemFacts(item_id, "w", f"r-{item_id}", 1, "v", "Voice", "m", "TTS", "pcm_8000", 0, 4)


def draft(item_id: str) -> ItemDraft:
    made = ItemDraft.new(item_id)
    made.text = ItemHead("text", {}, None, None, None, None, 0, 0)
    made.tracks[Part.AUDIO].add(b"audio")
    return made


async def item_ids(storage: Storage) -> set[str]:
    statement = sa.select(schema.history_items.c.item_id)
    return await storage.read(lambda reader: set(reader.vault.execute(statement).scalars()))


def break_store(connections: Connections) -> None:
    """Make every later write into the main database fail, as a full disk does."""
    _allow_writing(connections, is_allowed=False)


def mend_store(connections: Connections) -> None:
    _allow_writing(connections, is_allowed=True)


def _allow_writing(connections: Connections, *, is_allowed: bool) -> None:
    if connections.vault.dialect.name == "sqlite":
        statement = f"PRAGMA query_only={'OFF' if is_allowed else 'ON'}"
    else:
        mode = "READ WRITE" if is_allowed else "READ ONLY"
        statement = f"SET SESSION CHARACTERISTICS AS TRANSACTION {mode}"
    connections.vault.exec_driver_sql(statement)
    connections.vault.commit()


@pytest.fixture(autouse=True)
def workspace(storage: Storage) -> None:
    storage.keyring.new_workspace_key("w")


async def test_items_that_come_together_are_committed_in_few_groups(storage: Storage) -> None:
    before = storage.writer.group_count
    await asyncio.gather(
        *(storage.writer.commit_item(draft(f"item{n:04d}"), facts(f"item{n:04d}")) for n in range(50))
    )
    assert len(await item_ids(storage)) == 50
    assert storage.writer.group_count - before < 10


@pytest.mark.claim("Z11")
async def test_an_item_is_acknowledged_only_after_its_commit_and_has_its_key(storage: Storage) -> None:
    await storage.writer.commit_item(draft("item0001"), facts("item0001"))
    item = await storage.read(lambda reader: reader.get("w", "item0001"))
    assert item is not None
    assert item.head.text == "text"


@pytest.mark.claim("Z11")
async def test_a_store_that_fails_acknowledges_nothing_and_keeps_no_half(storage: Storage) -> None:
    await storage.writer.run(break_store)
    with pytest.raises(EcholessError, match="could not write"):
        await storage.writer.commit_item(draft("item0001"), facts("item0001"))
    assert storage.writer.is_failing
    assert await item_ids(storage) == set()
    with pytest.raises(EcholessError):
        await storage.writer.now((Write.FACT, {"name": "n", "value": "v"}))
    await storage.writer.run(mend_store)
    await storage.writer.now((Write.FACT, {"name": "n", "value": "v"}))
    assert not storage.writer.is_failing


async def test_rows_that_may_wait_survive_a_failure_of_the_store(storage: Storage) -> None:
    """C12: counters move, even when the disk was full for a while."""
    row = {"workspace_id": "w", "key_id": "k", "product": "p", "model_id": "m", "hour_unix": 0}
    counts = {"characters": 1, "credits": 1, "request_count": 1, "audio_ms": 1}
    await storage.writer.run(break_store)
    storage.writer.later(Write.USAGE, row | counts)
    storage.writer.meter_later("w", 5, 100)
    with pytest.raises(EcholessError):
        await storage.writer.flush()
    await storage.writer.run(mend_store)
    await storage.writer.flush()
    statement = sa.select(schema.usage_hours.c.request_count)
    assert await storage.read(lambda reader: reader.vault.execute(statement).scalars().all()) == [1]
    meter = sa.select(schema.meters.c.character_count)
    assert await storage.read(lambda reader: reader.vault.execute(meter).scalars().all()) == [5]


async def test_an_item_whose_segment_failed_spoils_no_other_of_its_group(storage: Storage) -> None:
    broken = draft("item0001")
    broken.has_failed = True
    results = await asyncio.gather(
        storage.writer.commit_item(broken, facts("item0001")),
        storage.writer.commit_item(draft("item0002"), facts("item0002")),
        return_exceptions=True,
    )
    assert isinstance(results[0], EcholessError)
    assert results[1] is None
    assert await item_ids(storage) == {"item0002"}


@ON_FILES
async def test_a_segment_that_cannot_be_stored_marks_its_draft(storage: Storage) -> None:
    (storage.directory.objects / "it").write_bytes(b"in the way")
    made, done = draft("item0001"), asyncio.Event()
    storage.writer.put_segment(made, Part.AUDIO, 0, b"x" * 1000, done.set)
    assert storage.writer.pending_segment_bytes == 1000
    await asyncio.wait_for(done.wait(), 10)
    assert made.has_failed
    assert storage.writer.pending_segment_bytes == 0


async def test_rows_over_the_bound_are_dropped_and_counted(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from echoless.vault.stores import writer

    monkeypatch.setattr(writer, "_BEHIND_ROWS_MAX", 3)
    for number in range(5):
        storage.writer.later(Write.FACT, {"name": str(number), "value": ""})
    assert storage.writer.dropped_count == 2


async def test_a_step_that_the_database_refuses_is_our_error(storage: Storage) -> None:
    with pytest.raises(EcholessError, match="could not write"):
        await storage.writer.run(lambda connections: connections.vault.exec_driver_sql("NOT SQL"))
