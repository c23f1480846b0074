"""A transcript as the wire says it: one for the recording, one for each channel, or all channels in one.

Clients tell the three apart by their members, so these are never mixed.
source: the wire contract, speech to text, section 2
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from echoless.core.languages import LANGUAGE_BY_CODE
from echoless.crossing.media_records import TranscriptEnded, TranscriptWord, WordKind

_WORDS_AT_ONCE: Final = 1000
_CHARACTERS: Final = "character"
_NO_TIMES: Final = "none"


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word with the channel that it was said on; None where channels are not told apart."""

    word: TranscriptWord = field(repr=False)
    speaker: int | None = None
    channel_index: int | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that was heard.

    channels: the words of each channel, in order
    ended:    the job's last record
    """

    channels: Sequence[Sequence[PlacedWord]] = field(repr=False)
    ended: TranscriptEnded

    @property
    def language_code(self) -> str:
        """ISO 639-3; what the engine said where that is no language of ours."""
        language = LANGUAGE_BY_CODE.get(self.ended.language_code)
        return language.long_code if language is not None else self.ended.language_code

    @property
    def duration_s(self) -> float:
        """The length of the recording."""
        return self.ended.audio_ms / 1000


def text_of(words: Sequence[PlacedWord]) -> str:
    """Return the text of words: that of each, one after another."""
    return "".join(placed.word.text for placed in words)


def combined(channels: Sequence[Sequence[PlacedWord]]) -> list[PlacedWord]:
    """Return the words of all channels by their times, with a space wherever another channel goes on."""
    merged: list[PlacedWord] = []
    for placed, has_space in heapq.merge(*map(_spaced, channels), key=lambda item: item[0].word.start_s):
        if merged and (has_space or merged[-1].channel_index != placed.channel_index):
            start_s, end_s = sorted((merged[-1].word.end_s, placed.word.start_s))
            space = TranscriptWord(" ", WordKind.SPACING, start_s, end_s, 0.0, None)
            if placed.word.character_start_s:
                space = msgspec.structs.replace(space, character_start_s=[start_s], character_end_s=[end_s])
            merged.append(PlacedWord(space, None, placed.channel_index))
        merged.append(placed)
    return merged


def _spaced(words: Sequence[PlacedWord]) -> Iterator[tuple[PlacedWord, bool]]:
    """Yield words that are no spaces, each with whether there was one before it."""
    has_space = False
    for placed in words:
        if placed.word.kind is WordKind.SPACING:
            has_space = True
        else:
            yield placed, has_space
            has_space = False


async def wire_transcript(
    transcript: Transcript, words: Sequence[PlacedWord], granularity: str, *, channel_index: int | None = None
) -> dict[str, Any]:
    """Return the members of one transcript; `words` is JSON already. Others have their turn in between.

    granularity: none, word or character
    """
    return {
        "language_code": transcript.language_code,
        "language_probability": transcript.ended.language_probability,
        "text": text_of(words),
        "words": msgspec.Raw(await _encoded(words, granularity)),
        "channel_index": channel_index,
        "additional_formats": None,
        "entities": None,
    }


async def _encoded(words: Sequence[PlacedWord], granularity: str) -> bytes:
    pieces = []
    for start in range(0, len(words), _WORDS_AT_ONCE):
        some = [_wire_word(placed, granularity) for placed in words[start : start + _WORDS_AT_ONCE]]
        pieces.append(msgspec.json.encode(some)[1:-1])
        # A transcript may have hundreds of thousands of words.
        await asyncio.sleep(0)
    return b"[" + b",".join(pieces) + b"]"


def _wire_word(placed: PlacedWord, granularity: str) -> dict[str, Any]:
    word = placed.word
    has_times = granularity != _NO_TIMES
    return {
        "text": word.text,
        "start": word.start_s if has_times else None,
        "end": word.end_s if has_times else None,
        "type": word.kind.value,
        "speaker_id": None if placed.speaker is None else f"speaker_{placed.speaker}",
        "logprob": min(0.0, word.logprob),
        "characters": _wire_characters(word) if granularity == _CHARACTERS else None,
        "channel_index": placed.channel_index,
    }


def _wire_characters(word: TranscriptWord) -> list[dict[str, Any]]:
    times = zip(word.text, word.character_start_s, word.character_end_s, strict=False)
    return [{"text": text, "start": start_s, "end": end_s} for text, start_s, end_s in times]
