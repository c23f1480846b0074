"""Webhooks at rest: a row for each, and a row for how each delivery ended; name, address and secret are sealed.

A webhook has a key of its own, wrapped by its workspace's like an item's and stored beside those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.writing import Row

_HEAD: Final = "webhook"
_WEBHOOKS: Final = schema.webhooks
_DELIVERIES: Final = schema.webhook_deliveries


class WebhookHead(msgspec.Struct, frozen=True, array_like=True):
    """What only the owner and whoever delivers may see. It prints no value."""

    name: str
    url: str
    secret: str

    def __repr__(self) -> str:
        return "<WebhookHead>"


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """What is stored of a webhook in clear: ids, codes, counts, times.

    events:        what it is told of
    failure_count: since the last success
    failure_*, success_unix: of the most recent one, 0 where there was none; status 0 where nobody answered
    """

    webhook_id: str
    workspace_id: str
    created_unix: int
    is_disabled: bool = False
    is_auto_disabled: bool = False
    is_retried: bool = False
    events: tuple[str, ...] = ()
    failure_count: int = 0
    failure_status: int = 0
    failure_unix: int = 0
    success_unix: int = 0


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook with its opened head."""

    facts: WebhookFacts
    head: WebhookHead
    sealer: ItemSealer


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one delivery ended."""

    webhook_id: str
    time_unix: int
    http_status: int


def webhook_row(stored: StoredWebhook) -> Row:
    """Return the row of a webhook."""
    row: Row = {name: getattr(stored.facts, name) for name in WebhookFacts.__slots__}
    row["events"] = list(stored.facts.events)
    row["sealed_head"] = stored.sealer.seal(msgspec.msgpack.encode(stored.head), _HEAD, 0)
    return row


def delivery_row(delivery: Delivery) -> Row:
    """Return the row of a delivery."""
    return {name: getattr(delivery, name) for name in Delivery.__slots__}


def read_webhooks(reader: HistoryReader) -> list[StoredWebhook]:
    """Return the webhooks of all workspaces, the oldest first."""
    statement = sa.select(_WEBHOOKS).order_by(_WEBHOOKS.c.created_unix, _WEBHOOKS.c.webhook_id)
    with reader.vault.begin():
        rows = reader.vault.execute(statement).mappings().all()
    return [_opened(reader, row) for row in rows]


def read_deliveries(reader: HistoryReader, webhook_ids: Sequence[str], count_max: int) -> dict[str, list[Delivery]]:
    """Return the most recent deliveries of each of these webhooks, newest first."""
    found: dict[str, list[Delivery]] = {}
    for webhook_id in webhook_ids:
        statement = sa.select(_DELIVERIES).where(_DELIVERIES.c.webhook_id == webhook_id)
        with reader.vault.begin():
            rows = reader.vault.execute(statement.order_by(_DELIVERIES.c.sequence.desc()).limit(count_max)).all()
        found[webhook_id] = [Delivery(row.webhook_id, row.time_unix, row.http_status) for row in rows]
    return found


def _opened(reader: HistoryReader, row: Mapping[Any, Any]) -> StoredWebhook:
    clear = {name: row[name] for name in WebhookFacts.__slots__}
    facts = WebhookFacts(**{**clear, "events": tuple(row["events"])})
    sealer = reader.sealer(facts.workspace_id, facts.webhook_id)
    if sealer is None:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a webhook has no key")
    head = msgspec.msgpack.decode(sealer.open(row["sealed_head"], _HEAD, 0), type=WebhookHead)
    return StoredWebhook(facts, head, sealer)
