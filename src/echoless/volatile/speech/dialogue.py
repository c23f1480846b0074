"""The gaps of a conversation: how long it is silent between two turns. (3)

Gaps in talk are short and depend on how a turn ends: an answer comes faster than a remark, whoever is cut off is
followed at once, whoever trails off is waited for. Tags at the end of a turn do not count; one at the beginning of
the next turn that says it interrupts does.
source: Stivers et al., Universals and cultural variation in turn-taking in conversation, PNAS 2009 (about 200 ms)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Final

CUT_OFF_MS: Final = 40
LAST_MS: Final = 150
_USUAL_MS: Final = 250
_GAP_MS: Final = MappingProxyType(
    {
        "?": 200, "\u061f": 200, "\uff1f": 200, "!": 240, "\uff01": 240, ".": 300, "\u3002": 300, "\u0964": 300,
        ",": 160, "\u2026": 480, "-": CUT_OFF_MS, "\u2013": CUT_OFF_MS, "\u2014": CUT_OFF_MS,
    }
)  # fmt: skip
_CLOSERS: Final = "\"'\u2019\u201d\u00bb)* \t\r\n"
_LAST_TAG: Final = re.compile(r"\[[^\[\]\n]{1,200}\]\Z")
_INTERRUPTION: Final = re.compile(
    r"\s*\[[^\[\]\n]{0,100}\b(?:interrupt|overlap|cut(?:s|ting) (?:in|off))", re.IGNORECASE
)


def gaps_ms(texts: Sequence[str]) -> tuple[int, ...]:
    """Return for each turn how long it is silent after it."""
    between = (CUT_OFF_MS if interrupts(following) else gap_after_ms(text) for text, following in pairwise(texts))
    return (*between, LAST_MS) if texts else ()


def interrupts(text: str) -> bool:
    """Say whether a turn begins with a tag that cuts the one before it off."""
    return _INTERRUPTION.match(text) is not None


def gap_after_ms(text: str) -> int:
    """Return how long it is silent after a text, unless whoever follows interrupts."""
    end = _without_tags_at_the_end(text)
    if end.endswith("..."):
        return _GAP_MS["\u2026"]
    return _GAP_MS.get(end[-1:], _USUAL_MS)


def _without_tags_at_the_end(text: str) -> str:
    end = text.rstrip(_CLOSERS)
    while (tag := _LAST_TAG.search(end, max(0, len(end) - 202))) is not None:
        end = end[: tag.start()].rstrip(_CLOSERS)
    return end
