"""When each character is heard, from the word starts that the engine reported. (3)

A word starts exactly where the engine says. Inside a word, time runs evenly over its characters; what stands
between two words takes a share at the end, larger where punctuation asks for a pause. One item is one code point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from echoless.core.content import TextContent
from echoless.volatile.speech.ports import CharacterTimes, Utterance, WordMark

_SENTENCE_PAUSE_S: Final = 0.35
_CLAUSE_PAUSE_S: Final = 0.2
_PAUSE_SHARE_MAX: Final = 0.5
_SPACE_SHARE: Final = 0.5
_SENTENCE_MARKS: Final = frozenset(".!?\u2026\u061f\u0964\u3002\uff01\uff1f\n")
_CLAUSE_MARKS: Final = frozenset(",;:()\u2013\u2014\u060c\u061b\u3001\uff0c\uff1b\uff1a")
_OTHER_MARKS: Final = frozenset("\"'[]{}-*_/\\\u2018\u2019\u201c\u201d\u00ab\u00bb")
_PUNCTUATION: Final = _SENTENCE_MARKS | _CLAUSE_MARKS | _OTHER_MARKS


@dataclass(frozen=True, slots=True)
class UtteranceAlignment:
    """Times of one utterance, from the start of the stream.

    source: of the submitted characters that it covers; over all utterances they are the submitted text
    spoken: of the characters that were spoken, numbers spelled out
    """

    source: CharacterTimes
    spoken: CharacterTimes


def align(
    text: TextContent,
    utterance: Utterance,
    marks: Sequence[WordMark],
    *,
    sample_count: int,
    sample_rate_hz: int,
    start_sample: int,
    delay_s: float,
) -> UtteranceAlignment:
    """Time the characters of one utterance.

    text:         the whole submitted text
    sample_count: of the utterance, the pause after it not counted
    start_sample: where the utterance begins in the stream, at `sample_rate_hz`
    delay_s:      of the output format: how much later than that its listeners hear each sample
    returns:      for each sequence: ends >= starts, both non-decreasing, within the utterance and its pause
    """
    spoken = utterance.spoken.reveal()
    edges = _spoken_edges(spoken, marks, sample_count, sample_rate_hz)
    pause_samples = utterance.pause_after_ms * sample_rate_hz // 1_000
    source_edges = _source_edges(utterance, edges, sample_count, pause_samples)
    source = text.reveal()[utterance.source_start : utterance.source_end]

    def seconds(samples: float) -> float:
        return delay_s + (start_sample + samples) / sample_rate_hz

    return UtteranceAlignment(
        source=CharacterTimes(
            list(source), [seconds(start) for start, _ in source_edges], [seconds(end) for _, end in source_edges]
        ),
        spoken=CharacterTimes(
            list(spoken), [seconds(edge) for edge in edges[:-1]], [seconds(edge) for edge in edges[1:]]
        ),
    )


def _spoken_edges(spoken: str, marks: Sequence[WordMark], sample_count: int, sample_rate_hz: int) -> list[float]:
    """Return where each spoken character begins, in samples, and as one item more where the last one ends."""
    edges: list[float] = []
    for (begin, first_sample), (end, last_sample) in pairwise(_anchors(spoken, marks, sample_count)):
        body = _body_length(spoken, begin, end)
        tail = _tail_share(spoken[begin + body : end], body, (last_sample - first_sample) / sample_rate_hz)
        body_end = last_sample - (last_sample - first_sample) * tail
        edges.extend(_evenly(first_sample, body_end, body))
        edges.extend(_evenly(body_end, last_sample, end - begin - body))
    edges.append(sample_count)
    return edges


def _anchors(spoken: str, marks: Sequence[WordMark], sample_count: int) -> list[tuple[int, int]]:
    """Return pairs of character index and sample, from (0, 0) to the end, both non-decreasing, indices distinct."""
    anchors = [(0, 0)]
    for mark in marks:
        sample = min(max(mark.start_sample, anchors[-1][1]), sample_count)
        if mark.spoken_start == 0:
            anchors[0] = (0, sample)
        elif anchors[-1][0] < mark.spoken_start < len(spoken):
            anchors.append((mark.spoken_start, sample))
    anchors.append((len(spoken), sample_count))
    return anchors


def _body_length(spoken: str, begin: int, end: int) -> int:
    """Count the characters up to the last that is neither space nor punctuation."""
    while end > begin and (spoken[end - 1].isspace() or spoken[end - 1] in _PUNCTUATION):
        end -= 1
    return end - begin


def _tail_share(tail: str, body: int, duration_s: float) -> float:
    """Return which share of a word's time, until the next word, belongs to what stands between them."""
    if not (tail and body):
        return 1.0 if tail else 0.0
    marks = set(tail)
    if marks & (_SENTENCE_MARKS | _CLAUSE_MARKS):
        pause_s = _SENTENCE_PAUSE_S if marks & _SENTENCE_MARKS else _CLAUSE_PAUSE_S
        return min(pause_s / duration_s, _PAUSE_SHARE_MAX) if duration_s else 0.0
    return _SPACE_SHARE / (body + _SPACE_SHARE)


def _evenly(start: float, end: float, count: int) -> list[float]:
    return [start + (end - start) * index / count for index in range(count)]


def _source_edges(
    utterance: Utterance, edges: Sequence[float], sample_count: int, pause_samples: int
) -> list[tuple[float, float]]:
    """Return start and end of each submitted character, in samples from the start of the utterance."""
    spans: list[tuple[float, float]] = []
    reached = edges[0] if utterance.source_of else 0.0
    position = 0
    source_of = utterance.source_of
    for index in range(utterance.source_start, utterance.source_end):
        start = end = reached
        if position < len(source_of) and source_of[position] == index:
            start = edges[position]
            while position < len(source_of) and source_of[position] == index:
                position += 1
            end = edges[position]
        elif position == len(source_of):
            break
        spans.append((start, end))
        reached = end
    # What comes after the last spoken character is silent: a tag, or a text that holds nothing to speak.
    silent = utterance.source_end - utterance.source_start - len(spans)
    silence = _evenly(reached, sample_count + pause_samples, silent)
    ends = [*silence[1:], float(sample_count + pause_samples)]
    return spans + list(zip(silence, ends, strict=True)) if silent else spans
