"""The outbox: a notice is committed first, then carried out on each of its ways until it has arrived.

An attempt that failed is repeated, slower each time, for about three days; then it is given up, and stays visible
as such. What is delivered may arrive twice where the process died in between, never not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import msgspec

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.ids import new_opaque_id
from echoless.core.journal import Event, Journal
from echoless.vault.notices.kinds import RULES, NoticeKind
from echoless.vault.notices.ports import AddressBook, Courier, HookBook, Mail, NobodyKnown, NoCourier, Outcome
from echoless.vault.notices.wording import event_of, missing_names, words_of
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.notices import (
    SEALED_KIND,
    Channel,
    DeliveryState,
    Facts,
    PrivatePart,
    StoredDelivery,
    StoredNotice,
    attempt_row,
    count_states,
    delivery_row,
    forget_private,
    next_due_ms,
    notice_row,
    read_deliveries,
    read_due,
    read_notice,
    read_private,
    retry_now,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Row, Write

DELAYS_S: Final = (5, 30, 120, 600, 1800, 3600, *(4 * 3600,) * 16)
"""How long to wait after each attempt that failed; after the last one nobody tries again."""
_BATCH: Final = 16
_PAUSE_S_MAX: Final = 60.0
_FAILED_PAUSE_S: Final = 5.0
Delivered = Callable[[StoredNotice], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who is told by e-mail: a member, whose address is looked up when it is sent, or an address."""

    user_id: str = ""
    address: str = ""

    def __repr__(self) -> str:
        return f"Recipient(user_id={self.user_id!r})"


@dataclass(frozen=True, slots=True)
class DraftedNotice:
    """A notice that is not committed yet: rows to be written together with what it tells of."""

    notice_id: str
    rows: tuple[tuple[Write, Row], ...]

    def __repr__(self) -> str:
        return f"DraftedNotice({self.notice_id!r})"


class Outbox:
    """Takes notices and has them carried out.

    courier:      who carries
    addresses:    who knows where people are reached
    on_delivered: called after each delivery that arrived
    pending_count, given_up_count: as of the last run
    """

    def __init__(self, storage: Storage, clock: Clock, journal: Journal, hooks: HookBook) -> None:
        self._storage = storage
        self._clock = clock
        self._journal = journal
        self._hooks = hooks
        self._woken = asyncio.Event()
        self.courier: Courier = NoCourier()
        self.addresses: AddressBook = NobodyKnown()
        self.on_delivered: Delivered | None = None
        self.pending_count = 0
        self.given_up_count = 0

    # --- taking ---

    async def post(
        self,
        workspace_id: str,
        kind: NoticeKind,
        to: Sequence[Recipient],
        facts: Facts,
        *,
        secrets: Mapping[str, str] | None = None,
    ) -> str:
        """Commit a notice and begin to deliver it; return its id.

        workspace_id: empty for one that must outlive its workspace; then only to addresses
        to:      who is told by e-mail
        facts:   codes, counts and ids of ours, stored and shown in clear
        secrets: what only the e-mail may hold, such as a code: sealed until it is delivered, then destroyed
        raises:  EcholessError(INTERNAL_ERROR) when it could not be written
        """
        drafted = self.draft(workspace_id, kind, to, facts, secrets=secrets)
        await self._storage.writer.now(*drafted.rows)
        self.wake()
        return drafted.notice_id

    def draft(
        self,
        workspace_id: str,
        kind: NoticeKind,
        to: Sequence[Recipient],
        facts: Facts,
        *,
        secrets: Mapping[str, str] | None = None,
    ) -> DraftedNotice:
        """Return the rows of a notice, for whoever commits it with something else, and calls `wake` after."""
        given = frozenset({"workspace_id", *facts, *(secrets or {})})
        assert not missing_names(kind, given), "a notice lacks what its words need"
        rules, now_ms, notice_id = RULES[kind], self._clock.unix_ms(), new_opaque_id()
        mails = [(self._delivery(notice_id, workspace_id, Channel.EMAIL, who.user_id), who) for who in to]
        hooks = self._hooks.hooks_for_notices(workspace_id) if rules.is_webhooked else ()
        posts = [self._delivery(notice_id, workspace_id, Channel.WEBHOOK, hook.webhook_id) for hook in hooks]
        addresses = {delivery.delivery_id: who.address for delivery, who in mails if who.address}
        notice = StoredNotice(notice_id, workspace_id, kind.value, now_ms, rules.is_shown, facts)
        key, sealed = self._sealed(notice, PrivatePart(addresses, dict(secrets or {})))
        deliveries = [*(delivery for delivery, _ in mails), *posts]
        rows = [*key, (Write.NOTICE, notice_row(replace(notice, sealed=sealed)))]
        rows += [(Write.NOTICE_DELIVERY, delivery_row(delivery)) for delivery in deliveries]
        return DraftedNotice(notice_id, tuple(rows))

    def wake(self) -> None:
        """Look for work now."""
        self._woken.set()

    async def retry(self, notice_id: str) -> int:
        """Try everything of a notice again that has not arrived, from now on; return how many deliveries."""
        now_ms = self._clock.unix_ms()
        count = await self._storage.writer.run(lambda connections: retry_now(connections, notice_id, now_ms))
        self.wake()
        return count

    # --- delivering ---

    async def run_for_ever(self) -> None:
        """Deliver whatever is due, whenever it is; a failure of the store is said, and tried again."""
        while True:
            pause_s = _FAILED_PAUSE_S
            try:
                while await self.run_due():
                    pass
                pause_s = await self._pause_s()
            except EcholessError as error:
                self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.notices.outbox")
            try:
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def run_due(self) -> int:
        """Make one attempt at each of some deliveries that are due; return how many."""
        self._woken.clear()
        now_ms = self._clock.unix_ms()
        due = await self._storage.read(
            lambda reader: read_due(reader, now_ms, wait_ms_max=max(DELAYS_S) * 1000, count_max=_BATCH)
        )
        await asyncio.gather(*(self._attempt(delivery) for delivery in due))
        counts = await self._storage.read(count_states)
        self.pending_count = counts.get(DeliveryState.PENDING.value, 0)
        self.given_up_count = counts.get(DeliveryState.GIVEN_UP.value, 0)
        return len(due)

    async def _pause_s(self) -> float:
        found = await self._storage.read(next_due_ms)
        wait_s = _PAUSE_S_MAX if found is None else (found - self._clock.unix_ms()) / 1000
        return min(_PAUSE_S_MAX, max(0.0, wait_s))

    async def _attempt(self, delivery: StoredDelivery) -> None:
        notice = await self._storage.read(partial(read_notice, notice_id=delivery.notice_id))
        if notice is None:
            outcome = Outcome("no_notice", is_final=True)
        elif delivery.channel == Channel.EMAIL.value:
            outcome = await self._mail(notice, delivery)
        else:
            outcome = await self._webhook(notice, delivery)
        after = self._after(delivery, outcome)
        if after.channel == Channel.WEBHOOK.value and after.state != DeliveryState.PENDING.value:
            # Attempts that will be repeated are no failures of the webhook's own log yet.
            await self._hooks.note_delivery(delivery.target_id, is_delivered=outcome.is_delivered)
        await self._storage.writer.now((Write.NOTICE_ATTEMPT, attempt_row(after)))
        if outcome.is_delivered and notice is not None and self.on_delivered is not None:
            await self.on_delivered(notice)
        if notice is not None and notice.sealed is not None and after.state == DeliveryState.SENT.value:
            await self._forget_when_sent(notice)

    async def _mail(self, notice: StoredNotice, delivery: StoredDelivery) -> Outcome:
        private = await self._storage.read(partial(read_private, notice=notice))
        address = private.addresses.get(delivery.delivery_id)
        if address is None and delivery.target_id:
            address = self.addresses.address_of(delivery.workspace_id, delivery.target_id)
        if not address:
            return Outcome("no_address", is_final=True)
        subject, text = words_of(notice, private.secrets)
        return await self.courier.send_mail(Mail(address, subject, text, delivery.delivery_id))

    async def _webhook(self, notice: StoredNotice, delivery: StoredDelivery) -> Outcome:
        known = {hook.webhook_id: hook for hook in self._hooks.hooks_for_notices(delivery.workspace_id)}
        hook = known.get(delivery.target_id)
        if hook is None:
            return Outcome("no_webhook", is_final=True)
        status = await self.courier.post(hook, event_of(notice))
        return Outcome("" if 200 <= status < 300 else f"http_{status}" if status else "no_answer")

    async def _forget_when_sent(self, notice: StoredNotice) -> None:
        """Destroy what was sealed once all of the notice has arrived: an address or a code is needed no more."""
        found = await self._storage.read(partial(read_deliveries, notice_ids=[notice.notice_id]))
        if all(delivery.state == DeliveryState.SENT.value for delivery in found[notice.notice_id]):
            await self._storage.writer.run(partial(forget_private, notice_id=notice.notice_id))

    # --- inner ---

    def _after(self, delivery: StoredDelivery, outcome: Outcome) -> StoredDelivery:
        now_ms, tried = self._clock.unix_ms(), delivery.attempt_count + 1
        changed = replace(delivery, attempt_count=tried, last_code=outcome.code)
        if outcome.is_delivered:
            return replace(changed, state=DeliveryState.SENT.value, done_ms=now_ms)
        if outcome.is_final or tried > len(DELAYS_S):
            return replace(changed, state=DeliveryState.GIVEN_UP.value, done_ms=now_ms)
        return replace(changed, next_ms=now_ms + DELAYS_S[tried - 1] * 1000)

    def _delivery(self, notice_id: str, workspace_id: str, channel: Channel, target_id: str) -> StoredDelivery:
        return StoredDelivery(
            delivery_id=new_opaque_id(), notice_id=notice_id, workspace_id=workspace_id, channel=channel.value,
            target_id=target_id, state=DeliveryState.PENDING.value, attempt_count=0,
            next_ms=self._clock.unix_ms(), last_code="", done_ms=0,
        )  # fmt: skip

    def _sealed(self, notice: StoredNotice, private: PrivatePart) -> tuple[list[tuple[Write, Row]], bytes | None]:
        """Return the row of the notice's key and its sealed part; neither where there is nothing to seal."""
        if not private.addresses and not private.secrets:
            return [], None
        sealer = ItemSealer.new(notice.notice_id)
        wrapped = self._storage.keyring.wrap_item_key(notice.workspace_id, notice.notice_id, sealer.key)
        key: Row = {"item_id": notice.notice_id, "workspace_id": notice.workspace_id, "wrapped": wrapped}
        return [(Write.ITEM_KEY, key)], sealer.seal(msgspec.msgpack.encode(private), SEALED_KIND, 0)
