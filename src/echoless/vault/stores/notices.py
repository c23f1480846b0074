"""Notices at rest: a row for each, and a row for each way on which it is to be delivered.

What a notice says in clear are codes, counts and ids of ours. Addresses and secrets are sealed under a key of the
notice's own, which is destroyed once they are no longer needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.database import truncate_log
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row

Facts = Mapping[str, str | int]
SEALED_KIND: Final = "notice"
SERVER: Final = ""
"""The workspace id of notices that outlive their workspace."""
_NOTICES: Final = schema.notices
_DELIVERIES: Final = schema.notice_deliveries


class Channel(StrEnum):
    """A way on which a notice is delivered."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How far one delivery has come."""

    PENDING = "pending"
    SENT = "sent"
    GIVEN_UP = "given_up"


class PrivatePart(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a notice: addresses by delivery, and secrets that its text holds. It prints no value."""

    addresses: dict[str, str]
    secrets: dict[str, str]

    def __repr__(self) -> str:
        return "<PrivatePart>"


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """What is stored of a notice in clear.

    workspace_id: empty for one of the server itself
    is_shown:     whether it is listed in the product
    sealed:       its private part, None where there is none or it is no longer needed
    """

    notice_id: str
    workspace_id: str
    kind: str
    created_ms: int
    is_shown: bool
    facts: Facts
    sealed: bytes | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """One delivery of a notice.

    target_id: a user or a webhook; empty for a sealed address
    next_ms:   when it is tried again
    last_code: why the last attempt failed, empty where none has
    done_ms:   when it was sent or given up, 0 before
    """

    delivery_id: str
    notice_id: str
    workspace_id: str
    channel: str
    target_id: str
    state: str
    attempt_count: int
    next_ms: int
    last_code: str
    done_ms: int


def notice_row(notice: StoredNotice) -> Row:
    """Return the row of a notice."""
    row: Row = {name: getattr(notice, name) for name in StoredNotice.__slots__}
    return row | {"facts": dict(notice.facts)}


def delivery_row(delivery: StoredDelivery) -> Row:
    """Return the row of a delivery."""
    return {name: getattr(delivery, name) for name in StoredDelivery.__slots__}


def attempt_row(delivery: StoredDelivery) -> Row:
    """Return what an attempt has changed of a delivery."""
    names = ("state", "attempt_count", "next_ms", "last_code", "done_ms")
    return {"of_delivery_id": delivery.delivery_id} | {f"new_{name}": getattr(delivery, name) for name in names}


def read_due(reader: HistoryReader, now_ms: int, wait_ms_max: int, count_max: int) -> list[StoredDelivery]:
    """Return pending deliveries whose time has come, the oldest first.

    wait_ms_max: one that says it waits longer was written before the clock went back, and is due
    """
    is_due = sa.or_(_DELIVERIES.c.next_ms <= now_ms, _DELIVERIES.c.next_ms > now_ms + wait_ms_max)
    statement = (
        sa.select(_DELIVERIES)
        .where(_DELIVERIES.c.state == DeliveryState.PENDING.value, is_due)
        .order_by(_DELIVERIES.c.next_ms, _DELIVERIES.c.delivery_id)
    )
    with reader.vault.begin():
        rows = reader.vault.execute(statement.limit(count_max)).mappings().all()
    return [_delivery(row) for row in rows]


def next_due_ms(reader: HistoryReader) -> int | None:
    """Return when the next delivery is due, or None where none is pending."""
    statement = sa.select(sa.func.min(_DELIVERIES.c.next_ms))
    with reader.vault.begin():
        found = reader.vault.execute(statement.where(_DELIVERIES.c.state == DeliveryState.PENDING.value)).scalar()
    return None if found is None else int(found)


def read_notice(reader: HistoryReader, notice_id: str) -> StoredNotice | None:
    """Return a notice."""
    with reader.vault.begin():
        row = reader.vault.execute(sa.select(_NOTICES).where(_NOTICES.c.notice_id == notice_id)).mappings().first()
    return None if row is None else _notice(row)


def read_private(reader: HistoryReader, notice: StoredNotice) -> PrivatePart:
    """Return the opened private part of a notice; an empty one where there is none any more."""
    sealer = None
    if notice.sealed is not None:
        sealer = reader.sealer(notice.workspace_id, notice.notice_id)
    if notice.sealed is None or sealer is None:
        return PrivatePart({}, {})
    return msgspec.msgpack.decode(sealer.open(notice.sealed, SEALED_KIND, 0), type=PrivatePart)


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices are wanted.

    workspace_id:  None for all
    is_shown_only: those of the product
    is_undelivered_only: those of which a delivery is pending or was given up
    """

    workspace_id: str | None = None
    is_shown_only: bool = False
    is_undelivered_only: bool = False


def list_notices(
    reader: HistoryReader, wanted: NoticeFilter, *, count_max: int, before_notice: str = ""
) -> list[StoredNotice]:
    """Return notices, the newest first.

    before_notice: only those before this one; none where there is no such notice among the wanted
    """
    statement = sa.select(_NOTICES)
    if wanted.workspace_id is not None:
        statement = statement.where(_NOTICES.c.workspace_id == wanted.workspace_id)
    if wanted.is_shown_only:
        statement = statement.where(_NOTICES.c.is_shown.is_(True))
    if wanted.is_undelivered_only:
        undelivered = sa.select(_DELIVERIES.c.notice_id).where(_DELIVERIES.c.state != DeliveryState.SENT.value)
        statement = statement.where(_NOTICES.c.notice_id.in_(undelivered))
    if before_notice:
        place = sa.select(_NOTICES.c.sequence).where(_NOTICES.c.notice_id == before_notice)
        if wanted.workspace_id is not None:
            place = place.where(_NOTICES.c.workspace_id == wanted.workspace_id)
        statement = statement.where(_NOTICES.c.sequence < place.scalar_subquery())
    statement = statement.order_by(_NOTICES.c.sequence.desc()).limit(count_max)
    with reader.vault.begin():
        rows = reader.vault.execute(statement).mappings().all()
    return [_notice(row) for row in rows]


def read_deliveries(reader: HistoryReader, notice_ids: Sequence[str]) -> dict[str, list[StoredDelivery]]:
    """Return the deliveries of each of these notices."""
    found: dict[str, list[StoredDelivery]] = {notice_id: [] for notice_id in notice_ids}
    statement = sa.select(_DELIVERIES).where(_DELIVERIES.c.notice_id.in_(notice_ids))
    with reader.vault.begin():
        for row in reader.vault.execute(statement.order_by(_DELIVERIES.c.delivery_id)).mappings().all():
            found[row["notice_id"]].append(_delivery(row))
    return found


def count_states(reader: HistoryReader) -> dict[str, int]:
    """Return how many deliveries are in each state."""
    statement = sa.select(_DELIVERIES.c.state, sa.func.count()).group_by(_DELIVERIES.c.state)
    with reader.vault.begin():
        return {str(state): int(count) for state, count in reader.vault.execute(statement).all()}


def forget_private(connections: Connections, notice_id: str) -> None:
    """Destroy the key of a notice and its sealed part, in the writer's thread."""
    keys = schema.item_keys
    with connections.keys.begin():
        connections.keys.execute(sa.delete(keys).where(keys.c.item_id == notice_id))
    truncate_log(connections.keys)
    with connections.vault.begin():
        connections.vault.execute(sa.update(_NOTICES).where(_NOTICES.c.notice_id == notice_id).values(sealed=None))
    truncate_log(connections.vault)


def retry_now(connections: Connections, notice_id: str, now_ms: int) -> int:
    """Make all undelivered deliveries of a notice pending and due; return how many."""
    statement = sa.update(_DELIVERIES).where(
        _DELIVERIES.c.notice_id == notice_id, _DELIVERIES.c.state != DeliveryState.SENT.value
    )
    with connections.vault.begin():
        changed = connections.vault.execute(
            statement.values(state=DeliveryState.PENDING.value, next_ms=now_ms, attempt_count=0, done_ms=0)
        )
    return int(changed.rowcount)


def _notice(row: Mapping[Any, Any]) -> StoredNotice:
    return StoredNotice(**{name: row[name] for name in StoredNotice.__slots__})


def _delivery(row: Mapping[Any, Any]) -> StoredDelivery:
    return StoredDelivery(**{name: row[name] for name in StoredDelivery.__slots__})
