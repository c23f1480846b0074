"""Webhooks at rest: sealed, swept where a crash left half of one, and their log by age."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.vault.erasure.sweep import sweep
from echoless.vault.stores import schema
from echoless.vault.stores.ageing import delete_deliveries
from echoless.vault.stores.erasing import delete_item_rows, destroy_keys
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.webhooks import (
    Delivery,
    StoredWebhook,
    WebhookFacts,
    WebhookHead,
    delivery_row,
    read_deliveries,
    read_webhooks,
    webhook_row,
)
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-77aa"
FACTS = WebhookFacts("hook1", "w", 5, events=("flows", "speech_to_text"), failure_count=3)


@pytest.fixture
async def stored(storage: Storage) -> StoredWebhook:
    storage.keyring.new_workspace_key("w")
    made = StoredWebhook(FACTS, WebhookHead(f"{CANARY}-name", f"{CANARY}-url", CANARY), ItemSealer.new("hook1"))
    wrapped = storage.keyring.wrap_item_key("w", "hook1", made.sealer.key)
    await storage.writer.now(
        (Write.ITEM_KEY, {"item_id": "hook1", "workspace_id": "w", "wrapped": wrapped}),
        (Write.WEBHOOK, webhook_row(made)),
        *((Write.WEBHOOK_DELIVERY, delivery_row(Delivery("hook1", time, 200 + time))) for time in range(5)),
        (Write.WEBHOOK_DELIVERY, delivery_row(Delivery("hook2", 9, 500))),
    )
    return made


async def log(storage: Storage, count_max: int = 10) -> dict[str, list[Delivery]]:
    return await storage.read(lambda reader: read_deliveries(reader, ["hook1", "hook2"], count_max))


async def test_a_webhook_comes_back_as_it_was_stored(storage: Storage, stored: StoredWebhook) -> None:
    (found,) = await storage.read(read_webhooks)
    assert (found.facts, found.head) == (stored.facts, stored.head)
    assert (await log(storage, 2))["hook1"] == [Delivery("hook1", 4, 204), Delivery("hook1", 3, 203)]


@pytest.mark.claim("Z13")
async def test_nothing_of_it_is_in_the_clear(storage: Storage, stored: StoredWebhook, tmp_path: Path) -> None:
    data = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert b"hook1" in data
    assert CANARY.encode() not in data
    assert CANARY not in repr(stored.head)


async def test_a_start_leaves_webhooks_alone(storage: Storage, stored: StoredWebhook) -> None:
    """A webhook has a key and no history item; that is no leftover of a crash."""
    assert await sweep(storage, MemoryJournal()) == 0
    assert len(await storage.read(read_webhooks)) == 1


async def test_a_start_takes_a_webhook_without_its_key_away(storage: Storage, stored: StoredWebhook) -> None:
    """Z12: a deletion that was cut short after the key is finished."""
    await storage.writer.run(lambda connections: destroy_keys(connections, ["hook1"]))
    with pytest.raises(EcholessError):
        await storage.read(read_webhooks)
    assert await sweep(storage, MemoryJournal()) == 1
    assert await storage.read(read_webhooks) == []
    assert (await log(storage))["hook1"] == []


async def test_deleting_its_rows_takes_its_log_and_no_other(storage: Storage, stored: StoredWebhook) -> None:
    await storage.writer.run(lambda connections: delete_item_rows(connections, ["hook1"]))
    assert {name: len(found) for name, found in (await log(storage)).items()} == {"hook1": 0, "hook2": 1}


async def test_old_deliveries_go_by_age_like_requests(storage: Storage, stored: StoredWebhook) -> None:
    """T40."""
    assert await storage.writer.run(lambda connections: delete_deliveries(connections, 4000)) == 4
    assert [found.time_unix for found in (await log(storage))["hook1"]] == [4]


def test_the_log_of_deliveries_has_no_place_for_a_body() -> None:
    """C48: a delivery leaves a status and a time, whatever its mode was."""
    columns = {column.name for column in schema.webhook_deliveries.columns}
    assert columns == {"sequence", "webhook_id", "time_unix", "http_status"}
    assert isinstance(schema.webhooks.c.sealed_head.type, sa.LargeBinary)
