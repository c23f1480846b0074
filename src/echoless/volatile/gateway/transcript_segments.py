"""A transcript cut into segments, as OpenAI's API shows it.

Members that are figures of one recogniser's inside (`tokens`, `seek`, `compression_ratio`, `no_speech_prob`) are
left out: the engines here have none, and a made-up figure would be taken for one.
source: OpenAI's API reference, the verbose transcription object
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from echoless.crossing.media_records import WordKind
from echoless.volatile.gateway.transcript_wire import PlacedWord, text_of

_SENTENCE_ENDS: Final = (".", "!", "?", "\u3002", "\uff01", "\uff1f")
_PAUSE_S: Final = 0.8
_SEGMENT_S_MAX: Final = 30.0


def wire_words(words: Sequence[PlacedWord]) -> list[dict[str, Any]]:
    """Return all words with their times."""
    said = [placed.word for placed in words if placed.word.kind is not WordKind.SPACING]
    return [{"word": word.text, "start": word.start_s, "end": word.end_s} for word in said]


def wire_segments(words: Sequence[PlacedWord], temperature: float) -> list[dict[str, Any]]:
    """Return segments: up to the end of a sentence, a pause, or half a minute."""
    return [_wire_segment(index, segment, temperature) for index, segment in enumerate(_segments(words))]


def _segments(words: Sequence[PlacedWord]) -> Iterator[list[PlacedWord]]:
    segment: list[PlacedWord] = []
    for placed in words:
        is_space = placed.word.kind is WordKind.SPACING
        if segment and not is_space and _is_cut(segment, placed):
            yield segment
            segment = []
        segment.append(placed)
    if segment:
        yield segment


def _is_cut(segment: Sequence[PlacedWord], following: PlacedWord) -> bool:
    said = [placed.word for placed in segment if placed.word.kind is not WordKind.SPACING]
    if not said:
        return False
    return (
        said[-1].text.endswith(_SENTENCE_ENDS)
        or following.word.start_s - said[-1].end_s > _PAUSE_S
        or following.word.end_s - said[0].start_s > _SEGMENT_S_MAX
    )


def _wire_segment(index: int, segment: Sequence[PlacedWord], temperature: float) -> dict[str, Any]:
    said = [placed.word for placed in segment if placed.word.kind is not WordKind.SPACING]
    return {
        "id": index,
        "start": said[0].start_s if said else segment[0].word.start_s,
        "end": said[-1].end_s if said else segment[-1].word.end_s,
        "text": text_of(segment),
        "temperature": temperature,
        "avg_logprob": sum(word.logprob for word in said) / len(said) if said else 0.0,
    }
