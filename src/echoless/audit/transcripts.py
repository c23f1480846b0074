"""What is searched for of a transcript: runs of words that only one recording could have brought about.

A single word is in every recogniser's dictionary; two or three of them in a row are nowhere but in what was heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.sounds import KEPT_WORDS, ZERO_WORDS, Sound

PHRASE_LETTERS_MIN: Final = 14
_LISTED: Final = frozenset((*ZERO_WORDS, *KEPT_WORDS))


def phrases(words: Sequence[str]) -> tuple[str, ...]:
    """Return the shortest runs of words that tell: at least two, at least 14 letters, one of them of our lists."""
    found = []
    for first in range(len(words)):
        for end in range(first + 2, len(words) + 1):
            run = words[first:end]
            text = " ".join(run)
            if len(text) >= PHRASE_LETTERS_MIN and not _LISTED.isdisjoint(run):
                found.append(text)
                break
    return tuple(dict.fromkeys(found))


def said(sound: Sound) -> Canary:
    """Return what a recording says, as it would be written: it can be searched for before anybody heard it."""
    return Canary(f"{sound.name}/said", sound.is_kept, " ".join(sound.words), phrases(sound.words))


def heard(sound: Sound, transcript: str) -> Canary:
    """Return what a server understood of a recording."""
    return Canary(f"{sound.name}/heard", sound.is_kept, transcript, phrases(transcript.split()))
