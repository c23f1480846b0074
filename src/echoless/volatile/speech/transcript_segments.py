"""Cuts a transcript into segments for files: where the speaker changes, at silences, and before a bound is passed.

source: the wire contract, speech to text, section 1.1
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from echoless.crossing.media_records import DocumentFormat, TranscriptWord, WordKind


@dataclass(frozen=True, slots=True, repr=False)
class Segment:
    """Words that stand together; its first and last piece are no spaces. Content.

    speaker: of all its words where the format shows speakers, else None
    """

    words: tuple[TranscriptWord, ...]
    speaker: int | None

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.words[-1].end_s

    @property
    def text(self) -> str:
        """What was said, in one line and without characters that steer."""
        return printable("".join(word.text for word in self.words))

    @property
    def speaker_name(self) -> str:
        """The speaker as the wire names one; empty where none is shown."""
        return "" if self.speaker is None else f"speaker_{self.speaker}"


def segments(words: Sequence[TranscriptWord], document: DocumentFormat) -> list[Segment]:
    """Cut a transcript as a format wants it. Bounds that are None bind nothing; one word may exceed them."""
    found: list[Segment] = []
    spaces: list[TranscriptWord] = []
    current: list[TranscriptWord] = []
    for word in words:
        if word.kind is WordKind.SPACING:
            spaces.append(word)
            continue
        if current and _is_cut(current, spaces, word, document):
            found.append(_segment(current, document))
            current = []
        current += [*spaces, word] if current else [word]
        spaces = []
    return [*found, _segment(current, document)] if current else found


def lines(text: str, characters_max: int | None) -> list[str]:
    """Break a text between its words; a word longer than a line is broken too."""
    if characters_max is None:
        return [text]
    return textwrap.wrap(text, characters_max, break_on_hyphens=False) or [""]


def printable(text: str) -> str:
    """Return a text with a space for every character that is not shown."""
    return "".join(character if character.isprintable() else " " for character in text)


def _is_cut(
    current: list[TranscriptWord], spaces: list[TranscriptWord], word: TranscriptWord, document: DocumentFormat
) -> bool:
    if document.shows_speakers and word.speaker != current[-1].speaker:
        return True
    if document.silence_s_max is not None and word.start_s - current[-1].end_s > document.silence_s_max:
        return True
    if document.segment_s_max is not None and word.end_s - current[0].start_s > document.segment_s_max:
        return True
    if document.segment_characters_max is None:
        return False
    length = sum(len(piece.text) for piece in (*current, *spaces, word))
    return length > document.segment_characters_max


def _segment(words: list[TranscriptWord], document: DocumentFormat) -> Segment:
    return Segment(tuple(words), words[0].speaker if document.shows_speakers else None)
