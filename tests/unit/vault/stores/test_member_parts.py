"""What became of what a member had."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.member_parts import count_kept, count_removed, reassign, remove_counter
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_dictionaries_change_hands_and_counters_go(storage: Storage) -> None:
    row = {
        "dictionary_id": "d1", "workspace_id": "w", "created_by": "gone", "created_unix": 1, "archived_unix": 0,
        "access": "admin", "version_id": "v", "version_number": 1, "rule_count": 1, "sealed_head": b"x",
    }  # fmt: skip
    meter = {"owner_id": "gone", "character_count": 3, "resets_unix": 5}
    await storage.writer.now((Write.DICTIONARY, row), (Write.METER, meter))
    run = storage.writer.run
    assert (await run(lambda stores: count_removed(stores, "gone")))["counters"] == 1
    assert await run(lambda stores: reassign(stores, "gone", "owner")) == {"dictionaries": 1}
    await run(lambda stores: remove_counter(stores, "gone"))
    assert set((await run(lambda stores: count_removed(stores, "gone"))).values()) == {0}
    found = await storage.read(lambda reader: _created_by(reader.vault))
    assert found == ["owner"]


def _created_by(vault: sa.Connection) -> list[str]:
    with vault.begin():
        return list(vault.execute(sa.select(schema.dictionaries.c.created_by)).scalars())


async def test_what_stays_by_id_is_named(storage: Storage) -> None:
    counts = await storage.writer.run(lambda stores: count_kept(stores, "nobody"))
    assert counts == {"request_log": 0, "usage": 0, "audit_trail": 0}
