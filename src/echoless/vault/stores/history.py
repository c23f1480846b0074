"""Reading kept items. Everything runs in the reader's thread, in short steps that hold no transaction open.

An item of another workspace is not found, exactly like one that never existed. Transcripts are items too, but none
of the history: whoever looks for one says so, and finds nothing else then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores import schema
from echoless.vault.stores.drafts import (
    ALIGNMENT_PART_CHARACTERS,
    SPOKEN_SOURCE,
    TRANSCRIPT_SOURCE,
    AlignmentPart,
    ItemFacts,
    ItemHead,
    open_alignment_part,
    open_head,
)
from echoless.vault.stores.keyring import ItemSealer, Keyring
from echoless.vault.stores.segments import Part, Segments

_ITEMS: Final = schema.history_items
_STEP_ITEMS: Final = 64


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which items are wanted. Zero and empty strings mean no filter; times in milliseconds."""

    workspace_id: str
    voice_id: str = ""
    model_id: str = ""
    source: str = ""
    before_ms: int = 0
    after_ms: int = 0
    is_ascending: bool = False


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One item with its opened head."""

    sequence: int
    facts: ItemFacts
    head: ItemHead


class HistoryReader:
    """Reads with connections of its own; used in the reader's thread only."""

    def __init__(self, vault: sa.Connection, keys: sa.Connection, keyring: Keyring, segments: Segments) -> None:
        self.vault = vault
        self._keys = keys
        self._keyring = keyring
        self._segments = segments

    def close(self) -> None:
        """Close the connections."""
        self.vault.close()
        self._keys.close()

    def sequence_of(self, workspace_id: str, item_id: str, *, is_transcript: bool = False) -> int | None:
        """Return an item's place in the order, or None."""
        statement = sa.select(_ITEMS.c.sequence).where(*_named(workspace_id, item_id, is_transcript=is_transcript))
        with self.vault.begin():
            return self.vault.execute(statement).scalar()

    def has_voice(self, workspace_id: str, voice_id: str) -> bool:
        """Say whether any item has this voice; compared here, so that the database never sees what has none."""
        statement = sa.select(_ITEMS.c.voice_id).where(_ITEMS.c.workspace_id == workspace_id).distinct()
        with self.vault.begin():
            return voice_id in set(self.vault.execute(statement).scalars())

    def step(self, wanted: HistoryFilter, after_sequence: int | None, item_count: int) -> list[StoredItem]:
        """Return the next items in order, at most `item_count` and at most 64 at a time."""
        order = _ITEMS.c.sequence.asc() if wanted.is_ascending else _ITEMS.c.sequence.desc()
        statement = sa.select(_ITEMS).where(*_conditions(wanted, after_sequence))
        statement = statement.order_by(order).limit(min(item_count, _STEP_ITEMS))
        with self.vault.begin():
            rows = [dict(row) for row in self.vault.execute(statement).mappings()]
        wrapped = self._wrapped([row["item_id"] for row in rows])
        opened = (self._open(row, wrapped.get(row["item_id"])) for row in rows)
        return [item for item in opened if item is not None]

    def get(self, workspace_id: str, item_id: str, *, is_transcript: bool = False) -> StoredItem | None:
        """Return one item, or None."""
        statement = sa.select(_ITEMS).where(*_named(workspace_id, item_id, is_transcript=is_transcript))
        with self.vault.begin():
            row = self.vault.execute(statement).mappings().one_or_none()
        return None if row is None else self._open(dict(row), self._wrapped([item_id]).get(item_id))

    def alignment(self, item: StoredItem, kind: str, start: int, characters_max: int) -> AlignmentPart | None:
        """Return a run of an item's alignment from character `start`, or None where it has none.

        returns: at most `characters_max` characters, rounded up to stored parts
        """
        table = schema.history_alignments
        first = start // ALIGNMENT_PART_CHARACTERS
        part_count = max(1, -(-characters_max // ALIGNMENT_PART_CHARACTERS))
        statement = sa.select(table.c.part, table.c.sealed).where(
            table.c.item_id == item.facts.item_id, table.c.kind == kind, table.c.part >= first
        )
        with self.vault.begin():
            rows = self.vault.execute(statement.order_by(table.c.part).limit(part_count)).all()
        sealer = self.sealer(item.facts.workspace_id, item.facts.item_id)
        if not rows or sealer is None:
            return None
        parts = [open_alignment_part(sealer, row.sealed, kind, row.part) for row in rows]
        skip = start - first * ALIGNMENT_PART_CHARACTERS
        return _joined(parts, skip, characters_max)

    def alignment_length(self, item: StoredItem, kind: str) -> int:
        """Return how many characters an alignment has: all parts but the last are full."""
        table = schema.history_alignments
        condition = (table.c.item_id == item.facts.item_id, table.c.kind == kind)
        with self.vault.begin():
            last = self.vault.execute(sa.select(sa.func.max(table.c.part)).where(*condition)).scalar()
        if last is None:
            return 0
        start = int(last) * ALIGNMENT_PART_CHARACTERS
        part = self.alignment(item, kind, start, ALIGNMENT_PART_CHARACTERS)
        return start + (len(part.characters) if part is not None else 0)

    def sealer(self, workspace_id: str, item_id: str) -> ItemSealer | None:
        """Return what opens an item, or None once its key is destroyed."""
        wrapped = self._wrapped([item_id]).get(item_id)
        return None if wrapped is None else self._keyring.unwrap_item_key(workspace_id, item_id, wrapped)

    def _wrapped(self, item_ids: Sequence[str]) -> dict[str, bytes]:
        """Return the wrapped keys of items, those that are left, by one question: a page has a hundred items."""
        table = schema.item_keys
        statement = sa.select(table.c.item_id, table.c.wrapped).where(table.c.item_id.in_(item_ids))
        with self._keys.begin():
            return {row.item_id: row.wrapped for row in self._keys.execute(statement)}

    def segment(self, sealer: ItemSealer, item_id: str, part: Part, index: int) -> bytes:
        """Return one segment of a part.

        raises: EcholessError(INTERNAL_ERROR) where it is gone or damaged
        """
        return self._segments.get(sealer, item_id, part, index)

    def recent_request_ids(self, since_ms: int) -> list[tuple[str, str, str, int]]:
        """Return (request, workspace, item, time) of what was spoken from text since then."""
        columns = (_ITEMS.c.request_id, _ITEMS.c.workspace_id, _ITEMS.c.item_id, _ITEMS.c.created_ms)
        with self.vault.begin():
            wanted = sa.select(*columns).where(_ITEMS.c.created_ms >= since_ms, _ITEMS.c.source == SPOKEN_SOURCE)
            rows = self.vault.execute(wanted).all()
        return [(row.request_id, row.workspace_id, row.item_id, row.created_ms) for row in rows]

    def _open(self, row: dict[str, Any], wrapped: bytes | None) -> StoredItem | None:
        facts = ItemFacts(**{name: row[name] for name in ItemFacts.__slots__})
        if wrapped is None:
            # Its key is destroyed: it is being deleted at this moment, and is gone for whoever asks.
            return None
        sealer = self._keyring.unwrap_item_key(facts.workspace_id, facts.item_id, wrapped)
        head = open_head(sealer, row["sealed_head"])
        if (head.audio_bytes, head.segment_count) != (row["audio_bytes"], row["segment_count"]):
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "the row of an item does not fit what is sealed in it")
        return StoredItem(row["sequence"], facts, head)


def matches_text(needle: str) -> Callable[[StoredItem], bool]:
    """Return a test for a text inside an item's text, upper and lower case alike."""
    folded = needle.casefold()
    return lambda item: folded in item.head.all_text().casefold()


def _named(workspace_id: str, item_id: str, *, is_transcript: bool) -> tuple[sa.ColumnElement[bool], ...]:
    is_transcript_row = _ITEMS.c.source == TRANSCRIPT_SOURCE
    kind = is_transcript_row if is_transcript else sa.not_(is_transcript_row)
    return _ITEMS.c.item_id == item_id, _ITEMS.c.workspace_id == workspace_id, kind


def _conditions(wanted: HistoryFilter, after_sequence: int | None) -> list[sa.ColumnElement[bool]]:
    conditions = [_ITEMS.c.workspace_id == wanted.workspace_id, _ITEMS.c.source != TRANSCRIPT_SOURCE]
    for column in ("voice_id", "model_id", "source"):
        if getattr(wanted, column):
            conditions.append(_ITEMS.c[column] == getattr(wanted, column))
    if wanted.before_ms:
        conditions.append(_ITEMS.c.created_ms < wanted.before_ms)
    if wanted.after_ms:
        conditions.append(_ITEMS.c.created_ms >= wanted.after_ms)
    if after_sequence is not None:
        sequence = _ITEMS.c.sequence
        conditions.append(sequence > after_sequence if wanted.is_ascending else sequence < after_sequence)
    return conditions


def _joined(parts: list[AlignmentPart], skip: int, characters_max: int) -> AlignmentPart:
    cut = slice(skip, skip + characters_max)
    return AlignmentPart(
        [character for part in parts for character in part.characters][cut],
        [time for part in parts for time in part.start_s][cut],
        [time for part in parts for time in part.end_s][cut],
    )
