"""From a text to utterances: find pauses, cut into sentences and clauses, spell out. (3)

Lazy: the first utterance is ready before the second is looked at. Linear in the length of the text.
Pure: no clock, no randomness, nothing kept between texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from echoless.core.content import TextContent
from echoless.volatile.speech import german_ordinals
from echoless.volatile.speech.mapped_text import Edit, MappedText, identity
from echoless.volatile.speech.markup import DROPPED, SPACED, mask_tags, split_at_breaks
from echoless.volatile.speech.ports import TextOptions, Utterance
from echoless.volatile.speech.segment import CutLimits, Joins, Piece, cut_pieces

# C0 (but tab and newlines), DEL, C1, surrogates: a NUL would end the engine's string. And the stand-ins for tags.
_UNCLEAN: Final = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|{DROPPED}+|{SPACED}+")

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
        masked = mask_tags(revealed)
        limits = CutLimits(options.first_chars_max, options.chars_max)
        for region in split_at_breaks(revealed):
            if region.start == region.stop:
                yield _silence(region.start, region.end, region.pause_ms)
            for piece in cut_pieces(masked, region.start, region.stop, limits, _JOINS.get(options.language)):
                is_last = piece.end == region.stop
                end = region.end if is_last else piece.end
                pause_ms = region.pause_ms if is_last else 0
                if not piece.is_speakable:
                    yield _silence(piece.start, end, pause_ms)
                    continue
                spoken = _spoken(masked, piece, options.replacements, spell_out)
                yield Utterance(
                    piece.start, end, TextContent(spoken.text), tuple(spoken.source_of), pause_after_ms=pause_ms
                )
                limits = CutLimits(options.chars_max, options.chars_max)


def _silence(start: int, end: int, pause_ms: int) -> Utterance:
    return Utterance(start, end, TextContent(""), (), pause_after_ms=pause_ms)


def _spoken(masked: str, piece: Piece, replacements: Mapping[str, str], spell_out: SpellOut | None) -> MappedText:
    mapped = identity(masked, piece.start, piece.end)
    mapped = mapped.edited(
        Edit(match.start(), match.end(), "" if match[0][0] == DROPPED else " ")
        for match in _UNCLEAN.finditer(mapped.text)
    )
    if replacements:
        mapped = mapped.edited(_replacement_edits(mapped.text, replacements))
    return spell_out(mapped) if spell_out else mapped


def _replacement_edits(text: str, replacements: Mapping[str, str]) -> list[Edit]:
    """Find whole words that are to be replaced, the first and then the longest winning.

    No pattern is compiled from them: the compiler would keep it in its cache, and the words are content.
    """
    found: list[Edit] = []
    for word, replacement in replacements.items():
        start = text.find(word) if word else -1
        while start >= 0:
            end = start + len(word)
            if _is_whole_word(text, start, end):
                found.append(Edit(start, end, replacement))
            start = text.find(word, start + 1)
    found.sort(key=lambda edit: (edit.start, -edit.end))
    edits: list[Edit] = []
    for edit in found:
        if not edits or edit.start >= edits[-1].end:
            edits.append(edit)
    return edits


def _is_whole_word(text: str, start: int, end: int) -> bool:
    starts = start == 0 or not (text[start].isalnum() and text[start - 1].isalnum())
    ends = end == len(text) or not (text[end - 1].isalnum() and text[end].isalnum())
    return starts and ends
