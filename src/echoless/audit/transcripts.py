"""What is searched for of a transcript: runs of words that only one recording could have brought about.

A single word is in every recogniser's dictionary; two or three of them in a row are nowhere in a server but in what
was heard. In files that other programs write, prose among them, it takes a sentence to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.sounds import KEPT_WORDS, ZERO_WORDS, Sound

PHRASE_LETTERS_MIN: Final = 14
SENTENCE_LETTERS_MIN: Final = 32
"""No prose has so many letters in a row by chance, one of our words among them."""
_RUN_LETTERS_MAX: Final = 64
_LISTED: Final = frozenset((*ZERO_WORDS, *KEPT_WORDS))


def phrases(words: Sequence[str], letters_min: int = PHRASE_LETTERS_MIN) -> tuple[str, ...]:
    """Return the shortest runs of words that tell: at least two, with enough letters, one of them of our lists."""
    found = []
    for first in range(len(words)):
        for end in range(first + 2, len(words) + 1):
            run = words[first:end]
            text = " ".join(run)
            if len(text) > _RUN_LETTERS_MAX:
                # What comes before one of our words by so much tells no more than what stands next to it.
                break
            if len(text) >= letters_min and not _LISTED.isdisjoint(run):
                found.append(text)
                break
    return tuple(dict.fromkeys(found))


def said(sound: Sound) -> Canary:
    """Return what a recording says, as it would be written: it can be searched for before anybody heard it."""
    return _speech(f"{sound.name}/said", sound, sound.words)


def heard(sound: Sound, transcript: str) -> Canary:
    """Return what a server understood of a recording."""
    return _speech(f"{sound.name}/heard", sound, transcript.split())


def _speech(name: str, sound: Sound, words: Sequence[str]) -> Canary:
    runs = dict.fromkeys((*phrases(words), *phrases(words, SENTENCE_LETTERS_MIN)))
    return Canary(name, sound.is_kept, " ".join(words), tuple(runs), telling_letters_min=SENTENCE_LETTERS_MIN)
