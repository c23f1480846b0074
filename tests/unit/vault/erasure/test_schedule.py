"""What time takes away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView, ListRequests, RequestRows
from echoless.crossing.records import Refused, TicketClosed
from echoless.retention.decision import Switch
from echoless.retention.schedule import Kept
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores import ageing
from echoless.vault.stores.log_entries import LogName, read_entries
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z25")]
DAY_S = 86_400
LOG = "POST /v1/workspace/analytics/requests"
ITEM = "GET /v1/history/{item}"


async def kept_of(vault: Vault) -> dict[str, int]:
    """Count what is there of each class, in the tables themselves."""
    await vault._storage.writer.flush()
    tables = {"history": "history_items", "requests": "request_log", "entries": "log_entries"}
    return {
        name: await vault._storage.read(lambda reader, table=table: _count(reader.vault, table))
        for name, table in tables.items()
    }


def _count(connection, table):
    with connection.begin():
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()


async def test_each_class_goes_after_its_own_days(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """C56: the debug log after 30 days, the request log after 90; the item stays, for it has no last day."""
    item_id = await gateway.make("words")
    clock.turn(30 * DAY_S - 1)
    assert not any((await vault.schedule.run_once()).values())
    assert await kept_of(vault) == {"history": 1, "requests": 1, "entries": 1}
    clock.turn(1)
    assert (await vault.schedule.run_once())[Kept.DEBUG_LOG] == 1
    assert await kept_of(vault) == {"history": 1, "requests": 1, "entries": 0}
    clock.turn(60 * DAY_S)
    assert (await vault.schedule.run_once())[Kept.REQUEST_LOG] == 1
    assert await kept_of(vault) == {"history": 1, "requests": 0, "entries": 0}
    clock.turn(20 * 365 * DAY_S)
    await vault.schedule.run_once()
    assert (await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)).text == "words"
    said = [fields["kept"] for event, fields in journal.events if event is Event.SWEPT]
    assert said == ["debug_log", "request_log"]
