"""What is searched for: words in every form, and windows of audio.

Everything is held under a mask, so that a scanner which reads its own memory, or is read by another, does not
find its own needles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.search.disguises import DISGUISE_BYTES_MIN, DISGUISES
from echoless.audit.search.encodings import TEXT_FORMS, base64_at

MASK_BYTE: Final = 0xA5
MASK: Final = bytes(value ^ MASK_BYTE for value in range(256))
WINDOW_BYTES: Final = 16
WINDOWS_PER_AUDIO: Final = 96
_DISTINCT_BYTES_MIN: Final = 11
_BASE64_WINDOWS: Final = 8
_DISGUISED_WORDS: Final = 12
_BASE64_WINDOW_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Needle:
    """One sequence of bytes that must not be found, or must; prints without it.

    kind:   the form, for example `utf-16` or `mp3_44100_128`
    owner:  the name of what it was taken from
    masked: the bytes under the mask
    tells_alone: False where others may have the same bytes by chance, a few words of prose or a sound of the same
                 voice: in a file that may be theirs it takes several to tell
    """

    kind: str
    owner: str
    masked: bytes = field(repr=False)
    tells_alone: bool = True


def text_needles(canaries: Iterable[Canary]) -> list[Needle]:
    """Return needles for every word of every canary in every form; forms with the same bytes count once.

    In disguise only words from both ends of a long text are looked for, so that a search stays quick.
    """
    return [
        needle
        for canary in canaries
        for place, word in enumerate(canary.words)
        for needle in word_needles(
            word,
            canary.name,
            is_plain=_DISGUISED_WORDS <= place < len(canary.words) - _DISGUISED_WORDS,
            tells_alone=len(word) >= canary.telling_letters_min,
        )
    ]


def word_needles(word: str, owner: str, *, is_plain: bool = False, tells_alone: bool = True) -> list[Needle]:
    """Return needles for one word in every form; forms with the same bytes count once.

    is_plain:    leaves the disguises out
    tells_alone: as of a needle
    """
    forms: dict[bytes, str] = {}
    for form, encode in TEXT_FORMS.items():
        forms.setdefault(encode(word), form)
    for form, encode in () if is_plain else DISGUISES.items():
        data = encode(word)
        if len(data) >= DISGUISE_BYTES_MIN:
            forms.setdefault(data, form)
    return [Needle(form, owner, data.translate(MASK), tells_alone) for data, form in forms.items()]


def audio_needles(data: bytes, owner: str, kind: str, count: int = WINDOWS_PER_AUDIO) -> list[Needle]:
    """Return windows of 16 bytes from all over some audio, each with at least 11 different bytes.

    data:    encoded or linear audio, as the client got it
    returns: up to `count` needles, one for each part that is not silent or repetitive; none for silence
    """
    windows = _telling_windows(data, count, WINDOW_BYTES)
    return [Needle(kind, owner, window.translate(MASK)) for window in windows]


def without_common(needles: Sequence[Needle], others: Iterable[bytes]) -> list[Needle]:
    """Drop needles that other audio of the same form holds too.

    Encoded pauses look alike in every file of a format, whoever made it: they tell nothing of a text.

    others: audio of other texts
    """
    masked = [data.translate(MASK) for data in others]
    return [needle for needle in needles if not any(needle.masked in data for data in masked)]


def base64_audio_needles(data: bytes, owner: str, kind: str, others: Sequence[bytes] = ()) -> list[Needle]:
    """Return needles for some windows of the audio as they look in base64, at the three phases.

    others: audio of other texts; windows that it holds too are left out
    """
    return [
        Needle(f"{kind} base64", owner, base64_at(phase, window).translate(MASK))
        for window in _telling_windows(data, _BASE64_WINDOWS, _BASE64_WINDOW_BYTES)
        if not any(window in other for other in others)
        for phase in range(3)
    ]


def _telling_windows(data: bytes, count: int, size: int) -> Iterator[bytes]:
    """Yield a telling window out of each of `count` parts; the last part is searched from its end."""
    for part in range(count):
        first, end = len(data) * part // count, len(data) * (part + 1) // count
        places = range(first, max(first, min(end, len(data) - size)))
        for place in reversed(places) if part == count - 1 else places:
            window = data[place : place + size]
            if len(set(window)) >= _DISTINCT_BYTES_MIN:
                yield window
                break
