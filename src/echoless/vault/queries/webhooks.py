"""(queries) Webhooks: registered, changed, listed, deleted; handed to whoever delivers; and what came of it.

All are in memory, so that an id that a zero-retention request names is compared here and never handed to the
database. One change at a time. Of a delivery only its status and time are kept, in both modes alike.
source: the wire contract, history, voices, models and user, section 8
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.crossing.query_records import Done
from echoless.crossing.webhook_records import (
    CreateWebhook,
    DeleteWebhook,
    DeliveryView,
    EditWebhook,
    ListWebhooks,
    NoteDelivery,
    UseWebhooks,
    WebhookCreated,
    WebhookEvent,
    WebhookList,
    WebhookTarget,
    WebhookTargets,
    WebhookView,
)
from echoless.vault.notices.ports import Hook
from echoless.vault.queries.reading import DeleteItem
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
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
from echoless.vault.stores.writing import Row, Write

WEBHOOKS_MAX: Final = 50
DELIVERIES_SHOWN: Final = 10
DELIVERIES_OPEN_MAX: Final = 10_000
DELIVERY_LIFE_S: Final = 2 * 3600
FAILURES_MAX: Final = 10
_ALL_EVENTS: Final = tuple(event.value for event in WebhookEvent)
_WEEK_S: Final = 7 * 86_400
_STATUS_MAX: Final = 599
_PORT_MAX: Final = 65_535
# The standard library's parser keeps what it has parsed, also when a webhook has been deleted.
_URL: Final = re.compile(
    r"https://(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::(?P<port>[0-9]{1,5}))?(?:[/?#][!-~]*)?",
    re.IGNORECASE | re.ASCII,
)


class WebhookQueries:
    """Answers questions about webhooks."""

    def __init__(self, storage: Storage, clock: Clock, delete_webhook: DeleteItem) -> None:
        self._storage = storage
        self._clock = clock
        self._delete_webhook = delete_webhook
        self._one_at_a_time = asyncio.Lock()
        self._by_id: dict[str, StoredWebhook] = {}
        # Deliveries that are under way: their webhook and when they are forgotten, oldest first.
        self._open: dict[str, tuple[str, float]] = {}

    async def load(self) -> None:
        """Take the stored webhooks into memory."""
        self._by_id = {found.facts.webhook_id: found for found in await self._storage.read(read_webhooks)}

    # --- administration ---

    async def list_all(self, caller: Caller, _record: ListWebhooks) -> WebhookList:
        """Return all webhooks of the workspace, with whatever was noted of them before."""
        async with self._one_at_a_time:
            mine = self._of(caller.workspace_id)
            ids = [stored.facts.webhook_id for stored in mine]
            deliveries = await self._storage.read(lambda reader: read_deliveries(reader, ids, DELIVERIES_SHOWN))
        return WebhookList([_view(stored, deliveries[stored.facts.webhook_id]) for stored in mine])

    async def create(self, caller: Caller, record: CreateWebhook) -> WebhookCreated:
        """Register a webhook.

        raises: EcholessError(INVALID_PARAMETERS) for an address that may not be, or one webhook too many
        """
        _check_url(record.url)
        async with self._one_at_a_time:
            if len(self._of(caller.workspace_id)) >= WEBHOOKS_MAX:
                message = f"A workspace has at most {WEBHOOKS_MAX} webhooks."
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
            webhook_id, secret = new_opaque_id(), "wsec_" + secrets.token_hex(32)
            facts = WebhookFacts(webhook_id, caller.workspace_id, self._now_unix(), events=_ALL_EVENTS)
            head = WebhookHead(record.name, record.url, secret)
            stored = StoredWebhook(facts, head, ItemSealer.new(webhook_id))
            wrapped = self._storage.keyring.wrap_item_key(caller.workspace_id, webhook_id, stored.sealer.key)
            key: Row = {"item_id": webhook_id, "workspace_id": caller.workspace_id, "wrapped": wrapped}
            await self._write(caller, stored, "webhook.create", (Write.ITEM_KEY, key))
        return WebhookCreated(webhook_id, secret)

    async def edit(self, caller: Caller, record: EditWebhook) -> Done:
        """Change a webhook; one that is switched on again begins with no failures."""
        async with self._one_at_a_time:
            stored = self._find(caller.workspace_id, record.webhook_id)
            facts = replace(stored.facts, is_disabled=record.is_disabled)
            if not record.is_disabled:
                facts = replace(facts, is_auto_disabled=False, failure_count=0)
            if record.is_retried is not None:
                facts = replace(facts, is_retried=record.is_retried)
            if record.events is not None:
                facts = replace(facts, events=tuple(sorted({event.value for event in record.events})))
            head = WebhookHead(record.name, stored.head.url, stored.head.secret)
            await self._write(caller, replace(stored, facts=facts, head=head), "webhook.edit")
        return Done()

    async def delete(self, caller: Caller, record: DeleteWebhook) -> Done:
        """Delete a webhook with the log of its deliveries."""
        async with self._one_at_a_time:
            webhook_id = self._find(caller.workspace_id, record.webhook_id).facts.webhook_id
            await self._delete_webhook(caller.workspace_id, webhook_id, caller.key_id)
            del self._by_id[webhook_id]
        return Done()

    # --- deliveries ---

    async def use(self, caller: Caller, record: UseWebhooks) -> WebhookTargets:
        """Return where results go.

        raises: EcholessError(WEBHOOK_NOT_FOUND, NO_WEBHOOK_CONFIGURED)
        """
        if record.webhook_id:
            found = [self._find(caller.workspace_id, record.webhook_id, "webhook_id")]
        else:
            found = self._of(caller.workspace_id)
        usable = [stored for stored in found if _is_told(stored.facts, record.event)]
        if not usable:
            message = "No webhook that is switched on is registered for this."
            raise EcholessError(ErrorCode.NO_WEBHOOK_CONFIGURED, message, param="webhook")
        return WebhookTargets([self._target(stored) for stored in usable])

    async def note(self, record: NoteDelivery) -> None:
        """Note how a delivery ended; one that nobody began, or that was noted already, means nothing."""
        async with self._one_at_a_time:
            webhook_id, _ = self._open.pop(record.delivery_id, ("", 0.0))
            stored = self._by_id.get(webhook_id)
            if stored is None:
                return
            status = record.http_status if record.http_status <= _STATUS_MAX else 0
            await self._note(stored, status)

    # --- notices of the workspace itself ---

    def hooks_for_notices(self, workspace_id: str) -> Sequence[Hook]:
        """Return the webhooks that are told of notices and are switched on."""
        found = [one for one in self._of(workspace_id) if _is_told(one.facts, WebhookEvent.WORKSPACE_NOTICE)]
        return [Hook(one.facts.webhook_id, one.head.url, one.head.secret) for one in found]

    async def note_delivery(self, webhook_id: str, *, is_delivered: bool) -> None:
        """Take note that a notice arrived, or was given up."""
        async with self._one_at_a_time:
            stored = self._by_id.get(webhook_id)
            if stored is not None:
                await self._note(stored, 200 if is_delivered else 0)

    # --- inner ---

    async def _note(self, stored: StoredWebhook, status: int) -> None:
        webhook_id = stored.facts.webhook_id
        changed = replace(stored, facts=_after(stored.facts, status, self._now_unix()))
        self._by_id[webhook_id] = changed
        delivery = Delivery(webhook_id, self._now_unix(), status)
        await self._storage.writer.now(
            (Write.WEBHOOK, webhook_row(changed)), (Write.WEBHOOK_DELIVERY, delivery_row(delivery))
        )

    def _of(self, workspace_id: str) -> list[StoredWebhook]:
        return [stored for stored in self._by_id.values() if stored.facts.workspace_id == workspace_id]

    def _find(self, workspace_id: str, webhook_id: str, param: str | None = None) -> StoredWebhook:
        stored = self._by_id.get(webhook_id)
        if stored is None or stored.facts.workspace_id != workspace_id:
            raise EcholessError(ErrorCode.WEBHOOK_NOT_FOUND, "There is no webhook with this id.", param=param)
        return stored

    def _target(self, stored: StoredWebhook) -> WebhookTarget:
        self._forget_old()
        delivery_id = new_opaque_id()
        self._open[delivery_id] = (stored.facts.webhook_id, self._clock.monotonic_s() + DELIVERY_LIFE_S)
        head, facts = stored.head, stored.facts
        return WebhookTarget(facts.webhook_id, head.url, head.secret, facts.is_retried, delivery_id)

    def _forget_old(self) -> None:
        """Forget deliveries of which nobody said how they ended, and the oldest where there are too many."""
        now_s = self._clock.monotonic_s()
        for delivery_id, (_, until_s) in tuple(self._open.items()):
            if until_s > now_s and len(self._open) < DELIVERIES_OPEN_MAX:
                return
            del self._open[delivery_id]

    async def _write(self, caller: Caller, stored: StoredWebhook, activity: str, *more: tuple[Write, Row]) -> None:
        webhook_id = stored.facts.webhook_id
        trail = audit_row(self._clock, caller.workspace_id, caller.key_id, activity, webhook_id)
        await self._storage.writer.now(*more, (Write.WEBHOOK, webhook_row(stored)), trail)
        self._by_id[webhook_id] = stored

    def _now_unix(self) -> int:
        return self._clock.unix_ms() // 1000


def _is_told(facts: WebhookFacts, event: WebhookEvent) -> bool:
    is_on = not facts.is_disabled and not facts.is_auto_disabled
    return is_on and event.value in facts.events


def _after(facts: WebhookFacts, status: int, now_unix: int) -> WebhookFacts:
    """Return a webhook after a delivery: ten failures in a row and no success for a week switch it off."""
    if 200 <= status <= 299:
        return replace(facts, failure_count=0, success_unix=now_unix)
    failed = replace(
        facts, failure_count=facts.failure_count + 1, failure_status=status, failure_unix=now_unix,
    )  # fmt: skip
    is_given_up = failed.failure_count >= FAILURES_MAX and now_unix - failed.success_unix > _WEEK_S
    return replace(failed, is_auto_disabled=failed.is_auto_disabled or is_given_up)


def _check_url(url: str) -> None:
    """Raise for anything but an https address without a name and password in it."""
    match = _URL.fullmatch(url)
    if match is None or not 0 < int(match["port"] or 443) <= _PORT_MAX:
        message = "A webhook needs an https address, without a user name or password."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="settings.webhook_url")


def _view(stored: StoredWebhook, deliveries: list[Delivery]) -> WebhookView:
    facts = stored.facts
    return WebhookView(
        webhook_id=facts.webhook_id, name=stored.head.name, url=stored.head.url, created_unix=facts.created_unix,
        is_disabled=facts.is_disabled, is_auto_disabled=facts.is_auto_disabled, is_retried=facts.is_retried,
        events=[WebhookEvent(event) for event in facts.events], failure_status=facts.failure_status,
        failure_unix=facts.failure_unix,
        recent_deliveries=[DeliveryView(found.time_unix, found.http_status) for found in deliveries],
    )  # fmt: skip
