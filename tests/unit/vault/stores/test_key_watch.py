"""Destroyed keys are noticed, whoever destroys them."""

from __future__ import annotations

import pytest

from echoless.vault.stores.erasing import destroy_keys
from echoless.vault.stores.key_watch import KeyWatch
from echoless.vault.stores.purging import destroy_workspace_key
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_every_way_of_destroying_a_key_is_counted_and_making_one_is_not(storage: Storage) -> None:
    watch = KeyWatch(storage.opened.writing[1])
    await storage.writer.now((Write.ITEM_KEY, {"item_id": "item", "workspace_id": "ws", "wrapped": b"sealed"}))
    await storage.writer.now((Write.FACT, {"name": "a fact", "value": "of the other database"}))
    assert watch.count == 0
    await storage.writer.run(lambda connections: destroy_keys(connections, ["item"]))
    assert watch.count == 1
    await storage.writer.run(lambda connections: destroy_workspace_key(connections, "ws"))
    assert watch.count == 2
