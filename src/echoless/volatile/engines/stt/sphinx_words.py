"""What pocketsphinx calls a word, and what a transcript calls it. Pure.

Its dictionary numbers the pronunciations of a word, `was(2)`, marks silence by words in angle brackets and noises
by words in square brackets or between plus signs.
source: the noise dictionary of the en-us model; sphinxbase's filler notation
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

FILLERS: Final = frozenset({"uh", "um", "hm", "hmm", "mm", "er", "erm", "ah", "eh", "huh", "mhm"})
"""Hesitations that a tidy transcript leaves out."""
_VARIANT: Final = re.compile(r"\(\d+\)$")
_EVENTS: Final = MappingProxyType({"[NOISE]": "(noise)", "++COUGH++": "(cough)", "++BREATH++": "(breath)"})
_PRONOUN: Final = re.compile(r"^i(?='|$)")


def event_name(word: str) -> str | None:
    """Return the name of an event, in brackets as the wire writes it; empty for silence; None for a spoken word.

    `[SPEECH]` stands for speech that is in no dictionary: no event, and no word either.
    """
    return _EVENTS.get(word, "") if word[:1] in "<[+" else None


def spelled(word: str) -> str:
    """Return a word of the dictionary as it is written: without its variant's number, `I` with a capital."""
    return _PRONOUN.sub("I", _VARIANT.sub("", word))


def is_filler(text: str) -> bool:
    """Return whether a word is a hesitation."""
    return text.lower() in FILLERS
