"""Audio tags in brackets: `[whispers]`, `[slowly]`, `[long pause]`. They shape the delivery, never read aloud. (3)

A tag holds for what follows it, until the next tag that says how to speak, or the end of the text. What an embedded
voice can do with it is little and stated here: pace, height and liveliness of the voice, loudness, a whisper, a
pause. A tag that names something else (a laugh, a sigh, a noise, an accent) is passed over in silence.
Brackets without a letter, such as `[1]`, are ordinary text. One pass, no backtracking; nothing is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from echoless.volatile.speech.markup import PAUSE_MS_MAX, SPACED
from echoless.volatile.speech.ports import Manner

TAG_CHARACTERS_MAX: Final = 200
_TAG: Final = re.compile(r"\[([^\[\]\n]{1,200})\]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_SECONDS: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s?(ms|s)\b")
_PAUSES: Final = frozenset({"pause", "pauses", "pausing", "paused", "beat", "silence", "break"})
_PAUSE_MS: Final = 700
_PAUSE_SCALES: Final = MappingProxyType({"short": 0.5, "brief": 0.5, "tiny": 0.3, "long": 2.0, "dramatic": 2.0})

_PLAIN: Final = Manner()
_WHISPERED: Final = Manner(speed=0.92, gain_db=-4.0, is_whispered=True)
_SHOUTED: Final = Manner(speed=1.05, pitch_steps=14, range_factor=1.3, gain_db=5.0)
_SOFT: Final = Manner(speed=0.95, pitch_steps=-4, range_factor=0.85, gain_db=-5.0)
_LOUD: Final = Manner(pitch_steps=5, gain_db=4.0)
_SLOW: Final = Manner(speed=0.72)
_FAST: Final = Manner(speed=1.35)
_LIVELY: Final = Manner(speed=1.1, pitch_steps=9, range_factor=1.4, gain_db=1.5)
_SAD: Final = Manner(speed=0.85, pitch_steps=-8, range_factor=0.6, gain_db=-2.5)
_ANGRY: Final = Manner(speed=1.08, pitch_steps=6, range_factor=1.35, gain_db=3.5)
_CALM: Final = Manner(speed=0.9, pitch_steps=-3, range_factor=0.7, gain_db=-1.0)
_NERVOUS: Final = Manner(speed=1.15, pitch_steps=7, range_factor=1.15)
_TIRED: Final = Manner(speed=0.82, pitch_steps=-6, range_factor=0.65, gain_db=-2.0)
_FLAT: Final = Manner(range_factor=0.35)
_LOW: Final = Manner(pitch_steps=-16)
_HIGH: Final = Manner(pitch_steps=18)
_GRAVE: Final = Manner(speed=0.85, pitch_steps=-5, range_factor=1.2)

_WORDS: Final = (
    (_PLAIN, "normal normally neutral neutrally"),
    (_WHISPERED, "whisper whispers whispering whispered"),
    (_SHOUTED, "shout shouts shouting shouted yell yells yelling scream screams screaming"),
    (_SOFT, "soft softly quiet quietly gentle gently tender tenderly hushed"),
    (_LOUD, "loud loudly louder"),
    (_SLOW, "slow slowly slower drawn"),
    (_FAST, "fast faster quick quickly rapid rapidly rushed hurried hurriedly"),
    (_LIVELY, "excited excitedly cheerful cheerfully happy happily joyful enthusiastic delighted"),
    (_LIVELY, "playful playfully laughing giggling surprised amazed"),
    (_SAD, "sad sadly sorrowful crying sobbing melancholy mournful disappointed resigned"),
    (_ANGRY, "angry angrily furious furiously annoyed frustrated shouty"),
    (_CALM, "calm calmly relaxed soothing reassuring thoughtful thoughtfully"),
    (_NERVOUS, "nervous nervously anxious anxiously scared frightened panicked worried"),
    (_TIRED, "tired sleepy exhausted weary bored"),
    (_FLAT, "flat flatly monotone robotic deadpan sarcastic sarcastically"),
    (_LOW, "deep low"),
    (_HIGH, "high squeaky pitched childlike"),
    (_GRAVE, "dramatic dramatically serious seriously solemn ominous mysterious mysteriously"),
)
_MANNER_BY_WORD: Final = MappingProxyType({word: manner for manner, words in _WORDS for word in words.split()})


@dataclass(frozen=True, slots=True)
class AudioTag:
    """A tag that has an effect.

    manner:   how to speak from here on; None leaves it as it was
    pause_ms: silence in the tag's place
    """

    start: int
    end: int
    manner: Manner | None
    pause_ms: int


def find_tags(text: str) -> Iterator[AudioTag]:
    """Yield the tags that do something, in order and lazily."""
    if "[" not in text:
        return
    for match in _TAG.finditer(text):
        words = match[1].lower()
        manner, pause_ms = _manner_of(words), _pause_of(words)
        if manner is not None or pause_ms:
            yield AudioTag(match.start(), match.end(), manner, pause_ms)


def mask_audio_tags(text: str) -> str:
    """Return the text with every tag replaced by stand-ins for blanks; its length stays the same."""
    return _TAG.sub(_mask, text) if "[" in text else text


def _mask(match: re.Match[str]) -> str:
    return SPACED * (match.end() - match.start()) if _LETTER.search(match[1]) else match[0]


def _pause_of(words: str) -> int:
    if _PAUSES.isdisjoint(_WORD.findall(words)):
        return 0
    if stated := _SECONDS.search(words):
        return min(round(float(stated[1]) * (1 if stated[2] == "ms" else 1_000)), PAUSE_MS_MAX)
    scales = [scale for word, scale in _PAUSE_SCALES.items() if word in words]
    return round(_PAUSE_MS * (scales[0] if scales else 1.0))


def _manner_of(words: str) -> Manner | None:
    """Return what the words of a tag ask for together, or None where none of them is about delivery."""
    found = _WORD.findall(words)
    if not _PAUSES.isdisjoint(found):
        return None
    manners = [_MANNER_BY_WORD[word] for word in found if word in _MANNER_BY_WORD]
    if not manners:
        return None
    joined = manners[0]
    for manner in manners[1:]:
        joined = joined.joined(manner)
    return joined
