"""The outbox: committed first, carried out until it has arrived, visible while it has not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial

import pytest
import sqlalchemy as sa

from echoless.core.journal import Event, MemoryJournal
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import DELAYS_S, Outbox, Recipient
from echoless.vault.notices.ports import Hook, Mail, Outcome
from echoless.vault.stores import schema
from echoless.vault.stores.erasing import delete_item_rows
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.notices import DeliveryState, NoticeFilter, list_notices, read_deliveries
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

WORKSPACE = "w" * 20
RESTRICTED = {"reason": "high_risk"}


@dataclass
class FakeCourier:
    outcomes: list[Outcome] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    posts: list[tuple[Hook, bytes]] = field(default_factory=list)

    async def send_mail(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return self.outcomes.pop(0) if self.outcomes else Outcome("")

    async def post(self, hook: Hook, body: bytes) -> int:
        self.posts.append((hook, body))
        return self.statuses.pop(0) if self.statuses else 200


@dataclass
class FakeBooks:
    addresses: dict[str, str] = field(default_factory=lambda: {"u1": "ann@example.org"})
    hooks: list[Hook] = field(default_factory=list)
    noted: list[tuple[str, bool]] = field(default_factory=list)

    def address_of(self, workspace_id: str, user_id: str) -> str | None:
        return self.addresses.get(user_id) if workspace_id == WORKSPACE else None

    def hooks_for_notices(self, workspace_id: str) -> list[Hook]:
        return self.hooks if workspace_id == WORKSPACE else []

    async def note_delivery(self, webhook_id: str, *, is_delivered: bool) -> None:
        self.noted.append((webhook_id, is_delivered))


@pytest.fixture
def courier() -> FakeCourier:
    return FakeCourier()


@pytest.fixture
def books() -> FakeBooks:
    return FakeBooks()


@pytest.fixture
async def outbox(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal, courier: FakeCourier, books: FakeBooks
) -> AsyncIterator[Outbox]:
    wrapped = storage.keyring.new_workspace_key(WORKSPACE)
    await storage.writer.now((Write.WORKSPACE_KEY, {"workspace_id": WORKSPACE, "wrapped": wrapped}))
    made = Outbox(storage, clock, journal, books)
    made.courier, made.addresses = courier, books
    yield made


async def state_of(storage: Storage, notice_id: str) -> list[tuple[str, str, int]]:
    found = await storage.read(partial(read_deliveries, notice_ids=[notice_id]))
    return sorted((one.state, one.last_code, one.attempt_count) for one in found[notice_id])


async def test_a_notice_reaches_its_recipient_and_the_webhooks(
    outbox: Outbox, courier: FakeCourier, books: FakeBooks, storage: Storage
) -> None:
    books.hooks.append(Hook("h1", "https://hooks.example.org/", "wsec_1"))
    notice_id = await outbox.post(WORKSPACE, NoticeKind.RESTRICTED, [Recipient("u1")], RESTRICTED)

    assert await outbox.run_due() == 2
    assert [mail.address for mail in courier.mails] == ["ann@example.org"]
    assert "high_risk" in courier.mails[0].text
    assert b"zero_retention_restricted" in courier.posts[0][1]
    assert books.noted == [("h1", True)]
    assert [state for state, _, _ in await state_of(storage, notice_id)] == [DeliveryState.SENT.value] * 2
    assert await outbox.run_due() == 0


async def test_a_failed_delivery_is_tried_again_and_stays_visible_until_then(
    outbox: Outbox, courier: FakeCourier, clock: TurnedClock, storage: Storage
) -> None:
    courier.outcomes[:] = [Outcome("refused"), Outcome("no_answer")]
    notice_id = await outbox.post(WORKSPACE, NoticeKind.RESTRICTED, [Recipient("u1")], RESTRICTED)
    await outbox.run_due()
    assert await state_of(storage, notice_id) == [("pending", "refused", 1)]
    undelivered = NoticeFilter(is_undelivered_only=True)
    assert len(await storage.read(lambda reader: list_notices(reader, undelivered, count_max=10))) == 1
    assert await outbox.run_due() == 0, "not before its time"

    clock.turn(DELAYS_S[0])
    assert await outbox.run_due() == 1
    clock.turn(DELAYS_S[1])
    assert await outbox.run_due() == 1
    assert await state_of(storage, notice_id) == [("sent", "", 3)]
    assert await storage.read(lambda reader: list_notices(reader, undelivered, count_max=10)) == []
    assert len({mail.message_id for mail in courier.mails}) == 1, "one message, however often it was tried"


async def test_a_delivery_is_given_up_at_last_and_can_be_tried_anew(
    outbox: Outbox, courier: FakeCourier, clock: TurnedClock, storage: Storage
) -> None:
    courier.outcomes[:] = [Outcome("no_answer")] * (len(DELAYS_S) + 1)
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("u1")], {})
    for _ in range(len(DELAYS_S) + 1):
        assert await outbox.run_due() == 1
        clock.turn(max(DELAYS_S))
    assert await outbox.run_due() == 0
    assert outbox.given_up_count == 1
    assert await state_of(storage, notice_id) == [("given_up", "no_answer", len(DELAYS_S) + 1)]

    assert await outbox.retry(notice_id) == 1
    await outbox.run_due()
    assert [state for state, _, _ in await state_of(storage, notice_id)] == ["sent"]


async def test_a_clock_that_went_back_holds_nothing_up(
    outbox: Outbox, courier: FakeCourier, clock: TurnedClock
) -> None:
    courier.outcomes[:] = [Outcome("no_answer")]
    await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("u1")], {})
    await outbox.run_due()
    clock.now_ms -= 10 * 86_400_000
    assert await outbox.run_due() == 1


async def test_an_address_and_a_code_are_sealed_and_destroyed_once_sent(
    outbox: Outbox, courier: FakeCourier, storage: Storage
) -> None:
    to = [Recipient(address="new@example.org")]
    notice_id = await outbox.post(
        WORKSPACE, NoticeKind.INVITATION, to, {"role": "viewer"}, secrets={"code": "C0DE-1234"}
    )
    rows = await _rows(storage)
    for needle in ("new@example.org", "C0DE-1234"):
        assert rows and needle not in rows
    assert await _has_key(storage, notice_id)

    await outbox.run_due()
    assert courier.mails[0].address == "new@example.org"
    assert "C0DE-1234" in courier.mails[0].text
    assert not await _has_key(storage, notice_id)
    [notice] = await storage.read(lambda reader: list_notices(reader, NoticeFilter(), count_max=10))
    assert notice.sealed is None


async def test_a_code_is_kept_while_somebody_has_not_had_it(
    outbox: Outbox, courier: FakeCourier, clock: TurnedClock, storage: Storage
) -> None:
    courier.outcomes[:] = [Outcome("no_answer"), Outcome("")]
    to = [Recipient(address="a@example.org"), Recipient(address="b@example.org")]
    notice_id = await outbox.post(WORKSPACE, NoticeKind.PASSWORD_RESET, to, {}, secrets={"code": "K1"})
    await outbox.run_due()
    assert await _has_key(storage, notice_id)
    clock.turn(DELAYS_S[0])
    await outbox.run_due()
    assert "K1" in courier.mails[2].text
    assert not await _has_key(storage, notice_id)


async def test_a_notice_may_outlive_its_workspace(outbox: Outbox, courier: FakeCourier) -> None:
    facts = {"workspace_id": WORKSPACE, "certificate_id": "c1"}
    await outbox.post("", NoticeKind.DELETED, [Recipient(address="owner@example.org")], facts)
    await outbox.run_due()
    assert WORKSPACE in courier.mails[0].text


async def test_a_member_without_an_address_is_given_up_at_once(outbox: Outbox, storage: Storage) -> None:
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("gone")], {})
    await outbox.run_due()
    assert await state_of(storage, notice_id) == [("given_up", "no_address", 1)]


async def test_without_a_courier_notices_wait_and_say_so(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal, books: FakeBooks
) -> None:
    wrapped = storage.keyring.new_workspace_key(WORKSPACE)
    await storage.writer.now((Write.WORKSPACE_KEY, {"workspace_id": WORKSPACE, "wrapped": wrapped}))
    outbox = Outbox(storage, clock, journal, books)
    outbox.addresses = books
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("u1")], {})
    await outbox.run_due()
    assert await state_of(storage, notice_id) == [("pending", "no_mail_server", 1)]


async def test_what_was_deleted_while_it_was_carried_does_not_come_back(
    outbox: Outbox, courier: FakeCourier, storage: Storage
) -> None:
    """An account may be deleted while a message is under way."""
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("u1")], {})

    async def deletes(mail: Mail) -> Outcome:
        await storage.writer.run(lambda connections: delete_item_rows(connections, [notice_id]))
        return Outcome("no_mail_server")

    courier.send_mail = deletes  # type: ignore[method-assign]  # in place of a mail server
    assert await outbox.run_due() == 1
    assert await state_of(storage, notice_id) == []


async def test_a_webhook_that_fails_is_tried_again_and_noted_in_its_log_at_the_end_only(
    outbox: Outbox, courier: FakeCourier, books: FakeBooks, clock: TurnedClock, storage: Storage
) -> None:
    """Attempts of one notice are no ten failures that would switch the webhook off."""
    books.hooks.append(Hook("h1", "https://hooks.example.org/", "wsec_1"))
    courier.statuses[:] = [0, 503, 404]
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [], {})
    for delay_s, code in zip(DELAYS_S, ("no_answer", "http_503", "http_404"), strict=False):
        await outbox.run_due()
        assert [one[1] for one in await state_of(storage, notice_id)] == [code]
        assert books.noted == []
        clock.turn(delay_s)
    await outbox.run_due()
    assert books.noted == [("h1", True)]


async def test_a_webhook_that_is_gone_is_given_up(outbox: Outbox, books: FakeBooks, storage: Storage) -> None:
    books.hooks.append(Hook("h1", "https://hooks.example.org/", "wsec_1"))
    notice_id = await outbox.post(WORKSPACE, NoticeKind.LIFTED, [], {})
    books.hooks.clear()
    await outbox.run_due()
    assert await state_of(storage, notice_id) == [("given_up", "no_webhook", 1)]


async def test_the_outbox_works_by_itself_and_hears_of_news_at_once(
    outbox: Outbox, courier: FakeCourier, journal: MemoryJournal
) -> None:
    working = asyncio.ensure_future(outbox.run_for_ever())
    try:
        await asyncio.sleep(0.05)
        await outbox.post(WORKSPACE, NoticeKind.LIFTED, [Recipient("u1")], {})
        async with asyncio.timeout(5):
            while not courier.mails:
                await asyncio.sleep(0.01)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert Event.UNEXPECTED_ERROR not in {event for event, _ in journal.events}


async def test_nothing_prints_an_address_or_a_code() -> None:
    assert "secret@" not in repr(Recipient(address="secret@example.org"))
    assert "secret@" not in repr(Mail("secret@example.org", "s", "t", "m"))


async def _has_key(storage: Storage, notice_id: str) -> bool:
    keys = schema.item_keys

    def look(connections: object) -> bool:
        with connections.keys.begin():  # type: ignore[attr-defined]  # the writer's two connections
            found = connections.keys.execute(sa.select(keys).where(keys.c.item_id == notice_id))  # type: ignore[attr-defined]  # as above
            return found.first() is not None

    return await storage.writer.run(look)


async def _rows(storage: Storage) -> str:
    """Return everything that is stored of notices, as text."""

    def look(reader: HistoryReader) -> str:
        found = []
        for table in (schema.notices, schema.notice_deliveries):
            with reader.vault.begin():
                found += [repr(tuple(row)) for row in reader.vault.execute(sa.select(table)).all()]
        return "\n".join(found)

    return await storage.read(look)
