"""Items while they arrive."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.vault.stores import drafts
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.drafts import (
    ALIGNMENT,
    ItemDraft,
    ItemFacts,
    ItemHead,
    Line,
    open_alignment_part,
    open_head,
    seal_draft,
)
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.segments import SEGMENT_BYTES, Part, Segments

pytestmark = pytest.mark.unit
HEAD = ItemHead("What was said.", {"stability": 0.5}, 7, "en", None, "next", 0, 0)
FACTS = ItemFacts("abcdefgh", "w", "r", 1, "v", "Voice", "m", "TTS", "mp3_44100_128", 0, 14)


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


def test_audio_is_cut_into_full_segments_in_order() -> None:
    draft = ItemDraft.new("abcdefgh")
    audio = os.urandom(2 * SEGMENT_BYTES + 5)
    found = [
        piece
        for start in range(0, len(audio), 50_000)
        for piece in draft.tracks[Part.AUDIO].add(audio[start : start + 50_000])
    ]
    assert [index for index, _ in found] == [0, 1]
    assert b"".join(data for _, data in found) + bytes(draft.tracks[Part.AUDIO].pending) == audio
    assert (draft.size_bytes(Part.AUDIO), draft.tracks[Part.AUDIO].segment_count) == (len(audio), 2)


@pytest.mark.claim("Z13")
def test_what_is_sealed_opens_as_it_was_and_shows_nothing(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "ALIGNMENT_PART_CHARACTERS", 4)
    ring, segments = Keyring.open(directory), Segments(directory, "process")
    ring.new_workspace_key("w")
    draft = ItemDraft.new("abcdefgh")
    draft.text = HEAD
    draft.tracks[Part.AUDIO].add(b"audio bytes")
    draft.add_alignment(ALIGNMENT, list("What "), [0.0, 0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4, 0.5])
    key, item, alignments = seal_draft(draft, FACTS, ring, segments)
    sealer = ring.unwrap_item_key("w", "abcdefgh", key["wrapped"])
    assert open_head(sealer, item["sealed_head"]) == msgspec.structs.replace(HEAD, audio_bytes=11, segment_count=1)
    assert segments.get(sealer, "abcdefgh", Part.AUDIO, 0) == b"audio bytes"
    parts = [open_alignment_part(sealer, row["sealed"], row["kind"], row["part"]) for row in alignments]
    assert [part.characters for part in parts] == [list("What"), [" "]]
    assert [part.end_s for part in parts] == [[0.1, 0.2, 0.3, 0.4], [0.5]]
    everything = msgspec.msgpack.encode([key, item, alignments])
    assert b"said" not in everything
    assert b"stability" not in everything


def test_a_part_of_one_alignment_does_not_open_as_another(directory: DataDirectory) -> None:
    ring = Keyring.open(directory)
    ring.new_workspace_key("w")
    draft = ItemDraft.new("abcdefgh")
    draft.text = HEAD
    draft.add_alignment(ALIGNMENT, ["a"], [0.0], [0.1])
    _, _, rows = seal_draft(draft, FACTS, ring, Segments(directory, "process"))
    with pytest.raises(EcholessError):
        open_alignment_part(draft.sealer, rows[0]["sealed"], "normalized_alignment", 0)


def test_the_head_says_how_much_of_each_part_there_is(directory: DataDirectory) -> None:
    """An item that was made from a recording needs no text."""
    ring, segments = Keyring.open(directory), Segments(directory, "process")
    ring.new_workspace_key("w")
    draft = ItemDraft.new("abcdefgh")
    draft.input_media_type = "audio/mpeg"
    for part in (Part.INPUT, Part.TRANSCRIPT):
        for index, data in draft.tracks[part].add(part.value.encode() * SEGMENT_BYTES):
            segments.put(draft.sealer, draft.item_id, part, index, data)
    key, item, _ = seal_draft(draft, FACTS, ring, segments)
    head = open_head(ring.unwrap_item_key("w", "abcdefgh", key["wrapped"]), item["sealed_head"])
    assert (head.text, head.audio_bytes, head.segment_count) == ("", 0, 0)
    assert (head.input_bytes, head.input_segment_count) == (5 * SEGMENT_BYTES, 5)
    assert (head.transcript_bytes, head.transcript_segment_count) == (10 * SEGMENT_BYTES, 10)
    assert [head.segment_count_of(part) for part in (Part.AUDIO, Part.INPUT, Part.TRANSCRIPT)] == [0, 5, 10]
    assert head.input_media_type == "audio/mpeg"
    assert b"audio/mpeg" not in msgspec.msgpack.encode([key, item])


def test_nothing_prints_what_it_holds() -> None:
    draft = ItemDraft.new("abcdefgh")
    draft.text = HEAD
    draft.add_alignment(ALIGNMENT, ["Q"], [0.0], [0.1])
    shown = f"{draft!r} {draft.text!r} {draft.alignments[ALIGNMENT]!r} {draft.sealer!r}"
    assert "said" not in shown
    assert "Q" not in shown


@pytest.mark.parametrize("part", list(Part))
def test_a_discarded_draft_is_overwritten(part: Part) -> None:
    draft = ItemDraft.new("abcdefgh")
    draft.tracks[part].add(b"secret")
    held = draft.tracks[part].pending
    view = memoryview(held)
    with pytest.raises(BufferError):
        draft.discard()
    assert bytes(view) == bytes(6)
    view.release()
    draft.discard()
    assert (len(held), draft.text, draft.alignments) == (0, None, {})


@pytest.mark.parametrize(
    ("lines", "text", "dialogue"),
    [
        ([], "What was said. And more.", []),
        ([Line("One.", "v", "V"), Line("Two.", "w", "W")], "What was said.", ["One.", "Two. And more."]),
    ],
)
def test_text_that_follows_belongs_to_whoever_spoke_last(
    directory: DataDirectory, lines: list[Line], text: str, dialogue: list[str]
) -> None:
    ring = Keyring.open(directory)
    ring.new_workspace_key("w")
    draft = ItemDraft.new("abcdefgh")
    draft.text = msgspec.structs.replace(HEAD, dialogue=lines)
    draft.add_text(" And")
    draft.add_text(" more.")
    key, item, _ = seal_draft(draft, FACTS, ring, Segments(directory, "process"))
    head = open_head(ring.unwrap_item_key("w", "abcdefgh", key["wrapped"]), item["sealed_head"])
    assert (head.text, [line.text for line in head.dialogue]) == (text, dialogue)
