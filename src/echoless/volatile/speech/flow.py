"""From a text to utterances: find pauses, cut into sentences and clauses, spell out. (3)

Lazy: the first utterance is ready before the second is looked at. Linear in the length of the text.
Pure: no clock, no randomness, nothing kept between texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Final, Protocol

from echoless.core.content import TextContent
from echoless.volatile.speech import german_ordinals
from echoless.volatile.speech.audio_tags import AudioTag, find_tags, mask_audio_tags
from echoless.volatile.speech.mapped_text import Edit, MappedText, identity
from echoless.volatile.speech.markup import DROPPED, SPACED, Break, find_breaks, mask_tags
from echoless.volatile.speech.ports import PLAIN_MANNER, Manner, PhonemeSpan, TextOptions, Utterance
from echoless.volatile.speech.pronunciation import RuleMatch, find_matches, shielded, within
from echoless.volatile.speech.segment import CutLimits, Joins, Piece, cut_pieces

# C0 (but tab and newlines), DEL, C1, surrogates: a NUL would end the engine's string. And the stand-ins for tags.
_UNCLEAN: Final = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|{DROPPED}+|{SPACED}+")
# Pieces shorter than this are not cut again, however much a rule puts into them.
_RECUT_CHARS_MIN: Final = 32

# Languages in which a dot after a number may stand inside a sentence.
_JOINS: Final[Mapping[str, Joins]] = {"de": german_ordinals.joins}


class SpellOut(Protocol):
    """Spells out the numbers and the like of one language."""

    def __call__(self, mapped: MappedText) -> MappedText:
        """Return the text as it is to be spoken."""
        ...


class TextPlanner:
    """The text flow: plans the utterances of a text."""

    def __init__(self, spell_out: Mapping[str, SpellOut]) -> None:
        """Take what spells out, by language code; a language without one is left to the engine."""
        self._spell_out = spell_out

    def __call__(self, text: TextContent, options: TextOptions) -> Iterator[Utterance]:
        """Yield the utterances of a text in order.

        Their source ranges cover the text without gaps or overlaps. One that holds nothing to speak has an empty
        `spoken` and may have a pause; the engine must make silence of it and nothing else.
        """
        spell_out = self._spell_out.get(options.language) if options.spells_out else None
        revealed = text.reveal()
        masked = mask_audio_tags(mask_tags(revealed)) if options.reads_tags else mask_tags(revealed)
        matches = find_matches(masked, options.rules) if options.rules else []
        uncuttable = shielded(masked, matches)
        limits = CutLimits(options.first_chars_max, options.chars_max)
        for region in _regions(revealed, reads_tags=options.reads_tags):
            if region.start == region.stop:
                yield _silence(region.start, region.end, region.pause_ms)
            for piece in _pieces(uncuttable, region, limits, matches, _JOINS.get(options.language)):
                is_last = piece.end == region.stop
                end = region.end if is_last else piece.end
                pause_ms = region.pause_ms if is_last else 0
                if not piece.is_speakable:
                    yield _silence(piece.start, end, pause_ms)
                    continue
                held = list(within(matches, piece.start, piece.end))
                spoken = _spoken(masked, piece, held, spell_out)
                yield Utterance(
                    piece.start, end, TextContent(spoken.text), tuple(spoken.source_of), pause_after_ms=pause_ms,
                    manner=region.manner, phoneme_spans=_phoneme_spans(spoken, held),
                )  # fmt: skip
                limits = CutLimits(options.chars_max, options.chars_max)


@dataclass(frozen=True, slots=True)
class _Region:
    """Text up to a break or tag, or to the end.

    start, stop: the text itself
    end:         after the break or tag; equal to `stop` for the last region
    pause_ms:    silence after the text
    manner:      how the text is spoken
    """

    start: int
    stop: int
    end: int
    pause_ms: int
    manner: Manner


def _regions(text: str, *, reads_tags: bool) -> Iterator[_Region]:
    """Yield the regions of a text, nothing of it masked, in order and lazily; they cover it."""
    tags: Iterator[AudioTag | Break] = find_tags(text) if reads_tags else iter(())
    breaks: Iterator[AudioTag | Break] = find_breaks(text)
    start, manner = 0, PLAIN_MANNER
    for mark in merge(breaks, tags, key=_start_of):
        if mark.start < start:
            # A break inside a tag, or a tag inside a break: the outer one was there first.
            continue
        yield _Region(start, mark.start, mark.end, mark.pause_ms, manner)
        start = mark.end
        if isinstance(mark, AudioTag) and mark.manner is not None:
            manner = mark.manner
    if start < len(text):
        yield _Region(start, len(text), len(text), 0, manner)


def _start_of(mark: AudioTag | Break) -> int:
    return mark.start


def _pieces(
    text: str, region: _Region, limits: CutLimits, matches: Sequence[RuleMatch], joins: Joins | None
) -> Iterator[Piece]:
    """Cut a region; what rules make too long is cut once more."""
    for piece in cut_pieces(text, region.start, region.stop, limits, joins):
        yield from _cut_to_fit(text, piece, limits.chars_max, matches) if matches else (piece,)


def _cut_to_fit(text: str, piece: Piece, chars_max: int, matches: Sequence[RuleMatch]) -> Iterator[Piece]:
    added = sum(len(match.rule.alias) for match in within(matches, piece.start, piece.end))
    length = piece.end - piece.start
    if length + added <= 2 * chars_max or length <= _RECUT_CHARS_MIN:
        yield piece
        return
    half = max(length // 2, _RECUT_CHARS_MIN)
    for part in cut_pieces(text, piece.start, piece.end, CutLimits(half, half)):
        if part.end - part.start == length:
            yield part
        else:
            yield from _cut_to_fit(text, part, chars_max, matches)


def _silence(start: int, end: int, pause_ms: int) -> Utterance:
    return Utterance(start, end, TextContent(""), (), pause_after_ms=pause_ms)


def _spoken(masked: str, piece: Piece, matches: Sequence[RuleMatch], spell_out: SpellOut | None) -> MappedText:
    mapped = identity(masked, piece.start, piece.end)
    edits = [
        Edit(match.start(), match.end(), "" if match[0][0] == DROPPED else " ")
        for match in _UNCLEAN.finditer(mapped.text)
    ]
    if matches:
        taken = [
            Edit(match.start - piece.start, match.end - piece.start, match.rule.alias)
            for match in matches
            if match.rule.alias
        ]
        edits = sorted((*_outside(edits, taken), *taken), key=lambda edit: edit.start)
    mapped = mapped.edited(edits)
    return spell_out(mapped) if spell_out else mapped


def _outside(edits: Sequence[Edit], taken: Sequence[Edit]) -> Iterator[Edit]:
    """Yield the edits that touch none of the others."""
    for edit in edits:
        if all(edit.end <= other.start or other.end <= edit.start for other in taken):
            yield edit


def _phoneme_spans(spoken: MappedText, matches: Sequence[RuleMatch]) -> tuple[PhonemeSpan, ...]:
    """Return where the spoken text is said by phonemes: what came of the characters that a rule names."""
    spans = []
    for match in matches:
        start = bisect_left(spoken.source_of, match.start)
        end = bisect_left(spoken.source_of, match.end)
        if match.rule.phoneme and start < end:
            spans.append(PhonemeSpan(start, end, TextContent(match.rule.phoneme), match.rule.alphabet))
    return tuple(spans)
