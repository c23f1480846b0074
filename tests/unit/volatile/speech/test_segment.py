"""Pieces: whole sentences where they fit, cut where a speaker would breathe, and in linear time."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from sentence_stream import SentenceBoundaryDetector

from echoless.volatile.speech import segment
from echoless.volatile.speech.segment import CutLimits, Piece, SentenceEnds, cut_pieces, is_speakable

pytestmark = pytest.mark.unit


def pieces(text: str, first_chars_max: int = 1_000, chars_max: int = 1_000) -> list[str]:
    found = cut_pieces(text, 0, len(text), CutLimits(first_chars_max, chars_max))
    return [text[piece.start : piece.end] for piece in found]


def test_sentence_ends_include_the_space_that_follows() -> None:
    text = "One here.   Two here. Three"
    ends = SentenceEnds(text, 0, len(text))
    found = []
    while (end := ends.next_end(len(text))) != len(text):
        assert end is not None
        found.append(end)
        ends.drop()
    assert found == [12, 22]


def test_no_sentence_end_is_reported_before_it_is_known() -> None:
    text = "word " * 200
    assert SentenceEnds(text, 0, len(text)).next_end(300) is None


def test_markdown_asterisks_neither_shift_nor_hide_the_ends() -> None:
    assert pieces("**One** here. *Two here.* Three *is* here. * Four.") == [
        "**One** here. ",
        "*Two here.* ",
        "Three *is* here. * Four.",
    ]


def test_a_sentence_may_open_with_a_quotation_mark() -> None:
    assert pieces('He left. "Come back," she said. (Nobody came.) \u201cWell\u201d, he said.') == [
        "He left. ",
        '"Come back," she said. ',
        "(Nobody came.) ",
        "\u201cWell\u201d, he said.",
    ]
    assert pieces('It cost 5 p. "or so" he said.') == ['It cost 5 p. "or so" he said.']


def test_blank_lines_end_a_sentence() -> None:
    assert pieces("Title\n\nThe text") == ["Title\n\n", "The text"]


def test_only_the_range_asked_for_is_cut() -> None:
    text = "Skip me. One here. Two here. Not me."
    assert list(cut_pieces(text, 9, 28, CutLimits(1_000, 1_000))) == [Piece(9, 19, True), Piece(19, 28, True)]


def test_a_long_sentence_is_cut_at_the_last_clause_that_fits() -> None:
    assert pieces("aaaa, bbbb, cccc, dddd", chars_max=13) == ["aaaa, bbbb, ", "cccc, dddd"]


def test_a_number_is_no_clause_end() -> None:
    assert pieces("It cost 1,000.50 today", chars_max=18) == ["It cost 1,000.50 ", "today"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(text, True) for text in ("a", "é", "٣", "😀", "+", "€", "你")],
        *[(text, False) for text in ("", " .,!?", "\u2026\u201c", "|~", "\x00", "_")],
    ],
)
def test_letters_digits_and_named_symbols_are_speakable(text: str, expected: bool) -> None:
    assert is_speakable(text, 0, len(text)) is expected


class _Counted(str):
    """A text that counts how many of its characters are read by slices."""

    read = 0

    def __getitem__(self, key: object) -> str:
        found = super().__getitem__(key)  # type: ignore[index]  # only slices and integers come
        _Counted.read += len(found)
        return found


@pytest.mark.parametrize("unit", ["word ", "x", " ", ".", "A. ", "a, ", "你好。", "\n", "😀"])
def test_the_characters_looked_at_grow_linearly_with_the_text(unit: str) -> None:
    reads = []
    for length in (10_000, 40_000):
        _Counted.read = 0
        text = _Counted(unit * (length // len(unit)))
        list(cut_pieces(text, 0, len(text), CutLimits(200, 1_000)))
        reads.append(_Counted.read)
    assert reads[1] <= 4.5 * reads[0] + 2_000


def test_the_detector_never_holds_more_than_one_piece_and_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    class Watched(SentenceBoundaryDetector):
        def add_chunk(self, chunk: str) -> Iterable[str]:
            yield from super().add_chunk(chunk)
            held.append(len(self.remaining_text))

    monkeypatch.setattr(segment, "SentenceBoundaryDetector", Watched)
    pieces("word " * 8_000)
    assert 0 < max(held) <= 1_000 + 256
