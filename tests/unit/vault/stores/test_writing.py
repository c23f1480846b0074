"""Which rows may be written, and in which order."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import STATEMENTS, Row, Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
USAGE: Row = {"workspace_id": "w", "key_id": "k", "product": "p", "model_id": "m", "hour_unix": 3600}
COUNTS: Row = {"characters": 3, "credits": 2, "request_count": 1, "audio_ms": 10}


def test_every_kind_has_a_statement_and_keys_come_first() -> None:
    assert set(STATEMENTS) == set(Write)
    kinds = sorted(Write)
    assert [kind for kind in kinds if kind.is_keys] == kinds[:2]


async def test_usage_of_one_hour_is_summed(storage: Storage) -> None:
    """C12: usage counts."""
    for _ in range(3):
        storage.writer.later(Write.USAGE, USAGE | COUNTS)
    await storage.writer.flush()
    storage.writer.later(Write.USAGE, USAGE | COUNTS)
    await storage.writer.flush()
    row = await storage.read(lambda reader: reader.vault.execute(sa.select(schema.usage_hours)).one())
    assert (row.characters, row.credits, row.request_count, row.audio_ms) == (12, 8, 4, 40)


async def test_a_fact_written_twice_has_its_newest_value(storage: Storage) -> None:
    await storage.writer.now((Write.FACT, {"name": "n", "value": "old"}))
    await storage.writer.now((Write.FACT, {"name": "n", "value": "new"}))
    values = await storage.read(
        lambda reader: reader.vault.execute(sa.select(schema.facts.c.value)).scalars().all()
    )
    assert values == ["new"]


async def test_an_alias_can_be_taken_away(storage: Storage) -> None:
    await storage.writer.now((Write.VOICE_ALIAS, {"voice_id": "v", "catalogue_id": "c"}))
    await storage.writer.now((Write.VOICE_ALIAS_REMOVED, {"gone_voice_id": "v"}))
    rows = await storage.read(lambda reader: reader.vault.execute(sa.select(schema.voice_aliases)).all())
    assert rows == []
