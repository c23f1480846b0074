"""A history item while it arrives: sealed piece by piece, nothing of it in clear on any disk.

A draft is filled in the loop and sealed in the writer's thread. Until its commit it is only objects without a row,
which the next start sweeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec

from echoless.vault.stores.keyring import ItemSealer, Keyring
from echoless.vault.stores.segments import SEGMENT_BYTES, Part, Segments

ALIGNMENT_PART_CHARACTERS: Final = 8192
ALIGNMENT, NORMALIZED_ALIGNMENT = "alignment", "normalized_alignment"
SPOKEN_SOURCE, CONVERTED_SOURCE = "TTS", "STS"
"""The sources of items that were spoken from text, and said again by another voice, as the history names them."""
TRANSCRIPT_SOURCE: Final = "STT"
"""The source of items that are transcripts: they are not in the history."""
_HEAD: Final = "head"


class Line(msgspec.Struct, frozen=True, array_like=True):
    """One line of a dialogue."""

    text: str
    voice_id: str
    voice_name: str

    def __repr__(self) -> str:
        return "<Line>"


class ItemHead(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed in the row of an item: text and settings, and how much audio belongs to it.

    dialogue: the lines of a dialogue, whose `text` is empty; items of before there were dialogues have none
    input_*:  of the recording that the item was made from; older items, and most others, have none
    transcript_*: of what was heard in it
    """

    text: str
    settings: dict[str, float | bool | None]
    seed: int | None
    language_code: str | None
    previous_text: str | None
    next_text: str | None
    audio_bytes: int
    segment_count: int
    dialogue: list[Line] = msgspec.field(default_factory=list)
    input_bytes: int = 0
    input_segment_count: int = 0
    input_media_type: str = ""
    transcript_bytes: int = 0
    transcript_segment_count: int = 0

    def __repr__(self) -> str:
        return "<ItemHead>"

    def segment_count_of(self, part: Part) -> int:
        """Return how many segments a part of the item has."""
        counts = {
            Part.AUDIO: self.segment_count,
            Part.INPUT: self.input_segment_count,
            Part.TRANSCRIPT: self.transcript_segment_count,
        }
        return counts[part]

    def all_text(self) -> str:
        """Return everything that was said."""
        return "\n".join((self.text, *(line.text for line in self.dialogue))) if self.dialogue else self.text


NO_TEXT: Final = ItemHead("", {}, None, None, None, None, 0, 0)
"""The head of an item that was made from a recording."""


class AlignmentPart(msgspec.Struct, frozen=True, array_like=True):
    """A run of characters with their times, in seconds from the start."""

    characters: list[str]
    start_s: list[float]
    end_s: list[float]

    def __repr__(self) -> str:
        return f"<AlignmentPart of {len(self.characters)} characters>"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is stored of an item in clear: ids, counts, codes, a time."""

    item_id: str
    workspace_id: str
    request_id: str
    created_ms: int
    voice_id: str
    voice_name: str
    model_id: str
    source: str
    output_format: str
    character_count_from: int
    character_count_to: int


@dataclass(slots=True, repr=False)
class Track:
    """The bytes of one part of an item as they arrive; in memory is less than one segment of them.

    size_bytes: of all that has arrived
    """

    part: Part
    pending: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0
    segment_count: int = 0

    def add(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes; return the segments that are now full, with their indices."""
        self.pending += data
        self.size_bytes += len(data)
        full = []
        while len(self.pending) >= SEGMENT_BYTES:
            full.append((self.segment_count, bytes(self.pending[:SEGMENT_BYTES])))
            self.segment_count += 1
            del self.pending[:SEGMENT_BYTES]
        return full

    def discard(self) -> None:
        """Overwrite and forget what is held in memory."""
        self.pending[:] = bytes(len(self.pending))
        self.pending.clear()


@dataclass(slots=True, repr=False)
class ItemDraft:
    """Collects one item. `has_failed` once a piece of it could not be stored: it can never be committed then."""

    item_id: str
    sealer: ItemSealer
    text: ItemHead | None = None
    more_text: list[str] = field(default_factory=list)
    more_characters: int = 0
    tracks: dict[Part, Track] = field(default_factory=lambda: {part: Track(part) for part in Part})
    input_media_type: str = ""
    alignments: dict[str, AlignmentPart] = field(default_factory=dict)
    has_failed: bool = False

    @classmethod
    def new(cls, item_id: str) -> ItemDraft:
        """Begin an item with a key of its own."""
        return cls(item_id, ItemSealer.new(item_id))

    @property
    def has_segments(self) -> bool:
        """Whether something of it may lie in the object store."""
        return any(track.segment_count for track in self.tracks.values())

    def size_bytes(self, part: Part) -> int:
        """Return how much of a part has arrived."""
        return self.tracks[part].size_bytes

    def add_text(self, text: str) -> int:
        """Take text that follows the first; return how many characters have followed so far."""
        self.more_text.append(text)
        self.more_characters += len(text)
        return self.more_characters

    def add_alignment(self, kind: str, characters: list[str], start_s: list[float], end_s: list[float]) -> None:
        """Take the next run of an alignment."""
        whole = self.alignments.setdefault(kind, AlignmentPart([], [], []))
        whole.characters.extend(characters)
        whole.start_s.extend(start_s)
        whole.end_s.extend(end_s)

    def discard(self) -> None:
        """Overwrite and forget what is held in memory."""
        for track in self.tracks.values():
            track.discard()
        self.text = None
        self.more_text.clear()
        self.alignments.clear()


def seal_draft(
    draft: ItemDraft, facts: ItemFacts, keyring: Keyring, segments: Segments
) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Store the last segments and return the rows: wrapped key, item, alignments. In the writer's thread.

    raises: EcholessError(INTERNAL_ERROR) when the object store does not take a segment
    """
    for track in draft.tracks.values():
        if track.pending:
            segments.put(draft.sealer, draft.item_id, track.part, track.segment_count, bytes(track.pending))
            track.segment_count += 1
    head = _head_of(draft)
    item = {name: getattr(facts, name) for name in ItemFacts.__slots__}
    item |= {"audio_bytes": head.audio_bytes, "segment_count": head.segment_count}
    item["sealed_head"] = draft.sealer.seal(msgspec.msgpack.encode(head), _HEAD, 0)
    key = {
        "item_id": facts.item_id,
        "workspace_id": facts.workspace_id,
        "wrapped": keyring.wrap_item_key(facts.workspace_id, facts.item_id, draft.sealer.key),
    }
    runs = (_alignment_rows(draft.sealer, facts, kind, whole) for kind, whole in draft.alignments.items())
    return key, item, list(chain.from_iterable(runs))


def _head_of(draft: ItemDraft) -> ItemHead:
    """Return the head with everything that is known at the end."""
    text = _with_more_text(draft.text or NO_TEXT, "".join(draft.more_text))
    audio, heard = draft.tracks[Part.AUDIO], draft.tracks[Part.TRANSCRIPT]
    given = draft.tracks[Part.INPUT]
    return msgspec.structs.replace(
        text, audio_bytes=audio.size_bytes,
        segment_count=audio.segment_count, input_bytes=given.size_bytes, input_segment_count=given.segment_count,
        input_media_type=draft.input_media_type, transcript_bytes=heard.size_bytes,
        transcript_segment_count=heard.segment_count,
    )  # fmt: skip


def _with_more_text(head: ItemHead, more: str) -> ItemHead:
    """Return a head with text that followed: in a dialogue, whoever spoke last went on."""
    if not more:
        return head
    if not head.dialogue:
        return msgspec.structs.replace(head, text=head.text + more)
    *before, last = head.dialogue
    longer = msgspec.structs.replace(last, text=last.text + more)
    return msgspec.structs.replace(head, dialogue=[*before, longer])


def _alignment_rows(sealer: ItemSealer, facts: ItemFacts, kind: str, whole: AlignmentPart) -> list[dict[str, Any]]:
    rows = []
    for part, start in enumerate(range(0, len(whole.characters), ALIGNMENT_PART_CHARACTERS)):
        cut = slice(start, start + ALIGNMENT_PART_CHARACTERS)
        piece = AlignmentPart(whole.characters[cut], whole.start_s[cut], whole.end_s[cut])
        sealed = sealer.seal(msgspec.msgpack.encode(piece), kind, part)
        rows.append({"item_id": facts.item_id, "kind": kind, "part": part, "sealed": sealed})
    return rows


def open_head(sealer: ItemSealer, sealed: bytes) -> ItemHead:
    """Open what `seal_draft` sealed in the row."""
    return msgspec.msgpack.decode(sealer.open(sealed, _HEAD, 0), type=ItemHead)


def open_alignment_part(sealer: ItemSealer, sealed: bytes, kind: str, part: int) -> AlignmentPart:
    """Open one run of an alignment."""
    return msgspec.msgpack.decode(sealer.open(sealed, kind, part), type=AlignmentPart)
