"""Notices at rest: read back as they were written, sealed where they must be, in order, and page by page."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.notices import (
    SEALED_KIND,
    Channel,
    DeliveryState,
    NoticeFilter,
    PrivatePart,
    StoredDelivery,
    StoredNotice,
    count_states,
    delivery_row,
    forget_private,
    list_notices,
    next_due_ms,
    notice_row,
    read_deliveries,
    read_due,
    read_notice,
    read_private,
    retry_now,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def notice(notice_id: str, workspace_id: str = "w1", **changes: object) -> StoredNotice:
    values: dict[str, object] = {"kind": "k", "created_ms": 5, "is_shown": True, "facts": {"count": 3, "what": "x"}}
    return StoredNotice(notice_id, workspace_id, **(values | changes))  # type: ignore[arg-type]  # as given


def delivery(
    delivery_id: str, notice_id: str, next_ms: int, state: DeliveryState = DeliveryState.PENDING
) -> StoredDelivery:
    return StoredDelivery(delivery_id, notice_id, "w1", Channel.EMAIL.value, "u1", state.value, 0, next_ms, "", 0)


async def put(storage: Storage, *notices: StoredNotice, deliveries: tuple[StoredDelivery, ...] = ()) -> None:
    rows = [(Write.NOTICE, notice_row(one)) for one in notices]
    await storage.writer.now(*rows, *((Write.NOTICE_DELIVERY, delivery_row(one)) for one in deliveries))


async def test_what_was_written_is_read_again(storage: Storage) -> None:
    sent, first = delivery("d2", "n1", 1, DeliveryState.SENT), delivery("d1", "n1", 2)
    await put(storage, notice("n1"), deliveries=(sent, first))
    assert await storage.read(partial(read_notice, notice_id="n1")) == notice("n1")
    assert await storage.read(partial(read_notice, notice_id="n9")) is None
    found = await storage.read(partial(read_deliveries, notice_ids=["n1", "n9"]))
    assert found == {"n1": [first, sent], "n9": []}
    assert await storage.read(count_states) == {"pending": 1, "sent": 1}


async def test_what_is_due_comes_in_its_order_and_no_sooner(storage: Storage) -> None:
    deliveries = (delivery("d1", "n1", 300), delivery("d2", "n1", 100), delivery("d3", "n1", 900))
    done = delivery("d4", "n1", 50, DeliveryState.GIVEN_UP)
    await put(storage, notice("n1"), deliveries=(*deliveries, done))
    due = await storage.read(lambda reader: read_due(reader, 300, wait_ms_max=1000, count_max=10))
    assert [one.delivery_id for one in due] == ["d2", "d1"]
    few = await storage.read(lambda reader: read_due(reader, 300, wait_ms_max=1000, count_max=1))
    assert [one.delivery_id for one in few] == ["d2"]
    assert await storage.read(next_due_ms) == 100
    before = await storage.read(lambda reader: read_due(reader, 0, wait_ms_max=500, count_max=10))
    assert [one.delivery_id for one in before] == ["d3"], (
        "it would wait longer than anything waits: the clock went back"
    )


async def test_notices_are_listed_newest_first_by_whom_they_concern(storage: Storage) -> None:
    await put(
        storage, notice("n1"), notice("n2", "w2"), notice("n3", is_shown=False), notice("n4"),
        deliveries=(delivery("d1", "n1", 1), delivery("d4", "n4", 1, DeliveryState.SENT)),
    )  # fmt: skip

    async def listed(wanted: NoticeFilter, before: str = "") -> list[str]:
        found = await storage.read(lambda reader: list_notices(reader, wanted, count_max=10, before_notice=before))
        return [one.notice_id for one in found]

    assert await listed(NoticeFilter()) == ["n4", "n3", "n2", "n1"]
    assert await listed(NoticeFilter("w1", is_shown_only=True)) == ["n4", "n1"]
    assert await listed(NoticeFilter("w1"), "n4") == ["n3", "n1"]
    assert await listed(NoticeFilter("w1"), "n2") == [], "the place of somebody else's notice is no place"
    assert await listed(NoticeFilter(is_undelivered_only=True)) == ["n1"]


async def test_what_is_sealed_opens_until_it_is_forgotten(storage: Storage) -> None:
    storage.keyring.new_workspace_key("w1")
    sealer, private = ItemSealer.new("n1"), PrivatePart({"d1": "ann@example.org"}, {"code": "K"})
    sealed = sealer.seal(msgspec.msgpack.encode(private), SEALED_KIND, 0)
    wrapped = storage.keyring.wrap_item_key("w1", "n1", sealer.key)
    await storage.writer.now((Write.ITEM_KEY, {"item_id": "n1", "workspace_id": "w1", "wrapped": wrapped}))
    await put(storage, notice("n1", sealed=sealed))
    stored = await storage.read(partial(read_notice, notice_id="n1"))
    assert stored is not None
    assert await storage.read(partial(read_private, notice=stored)) == private
    assert "ann@" not in repr(private)
    await storage.writer.run(partial(forget_private, notice_id="n1"))
    nothing = PrivatePart({}, {})
    assert await storage.read(partial(read_private, notice=stored)) == nothing, (
        "an older copy of the row opens no more"
    )
    after = await storage.read(partial(read_notice, notice_id="n1"))
    assert after is not None
    assert after.sealed is None


async def test_all_that_has_not_arrived_is_tried_again(storage: Storage) -> None:
    states = (DeliveryState.PENDING, DeliveryState.GIVEN_UP, DeliveryState.SENT)
    await put(
        storage, notice("n1"),
        deliveries=tuple(delivery(f"d{index}", "n1", 900, state) for index, state in enumerate(states)),
    )  # fmt: skip
    assert await storage.writer.run(lambda connections: retry_now(connections, "n1", 7)) == 2
    due = await storage.read(lambda reader: read_due(reader, 7, wait_ms_max=1000, count_max=10))
    assert [one.delivery_id for one in due] == ["d0", "d1"]
