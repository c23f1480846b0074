"""Groups find what they were made of, and nothing else."""

from __future__ import annotations

import base64
import json
import math
import random
import struct

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.encodings import TEXT_FORMS
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import Needle, audio_needles, base64_audio_needles, text_needles, without_common

pytestmark = pytest.mark.unit


def _found(needles: list[Needle], data: bytes) -> list[tuple[str, str]]:
    return [(needle.kind, needle.owner) for _, needle in Finder(needles).find(mask(data), len(data))]


def _speech_like(samples: int) -> bytes:
    wave = (
        8000 * math.sin(n / 9) * math.sin(n / 1700) + random.Random(n).randrange(-300, 300) for n in range(samples)
    )
    return struct.pack(f"<{samples}h", *(int(value) for value in wave))


@pytest.mark.parametrize("kind", ["plain", "accented", "cyrillic", "emoji"])
@pytest.mark.parametrize("form", sorted(TEXT_FORMS))
def test_every_word_is_found_in_every_form(kind: str, form: str) -> None:
    mint = CanaryMint(seed=7)
    make = {"plain": lambda: mint.plain("it", 300, is_kept=False)}.get(kind)
    canary = make() if make else getattr(mint, kind)("it", is_kept=False)
    for word in canary.words:
        owners = {owner for _, owner in _found(text_needles([canary]), b"\x07" + TEXT_FORMS[form](word) + b"\x07")}
        assert owners == {"it"}


def test_a_hit_names_the_text_that_it_came_from() -> None:
    mint = CanaryMint(seed=8)
    first, second = mint.plain("first", 300, is_kept=False), mint.plain("second", 300, is_kept=True)
    needles = text_needles([first, second])
    assert {owner for _, owner in _found(needles, json.dumps(second.text).encode())} == {"second"}
    assert len(_found(needles, first.text.encode())) == len(first.words)


def test_words_of_another_run_are_not_found() -> None:
    needles = text_needles([CanaryMint(seed=9).plain("mine", 5000, is_kept=False)])
    assert _found(needles, CanaryMint(seed=10).plain("other", 5000, is_kept=False).text.encode()) == []


def test_a_beginning_without_a_known_end_is_not_found() -> None:
    mint = CanaryMint(seed=11)
    needles = text_needles([mint.plain("it", 300, is_kept=False)])
    assert _found(needles, (mint.anchor + "xxxxxx").encode()) == []


def test_a_five_letter_clause_is_found_alone() -> None:
    canary = CanaryMint(seed=12).short("five", is_kept=False)
    assert ("utf-8", "five") in _found(text_needles([canary]), b"..." + canary.text.encode() + b"\0")


def test_needles_are_held_under_a_mask() -> None:
    canary = CanaryMint(seed=13).plain("it", 300, is_kept=False)
    held = b"|".join(needle.masked for needle in text_needles([canary]))
    assert not any(word.encode() in held for word in canary.words)


@pytest.mark.parametrize("data", [random.Random(1).randbytes(40_000), _speech_like(40_000)], ids=["encoded", "pcm"])
def test_audio_windows_come_from_all_parts(data: bytes) -> None:
    needles = audio_needles(data, "it", "audio")
    tenth = len(data) // 10
    covered = [bool(_found(needles, data[part * tenth : (part + 1) * tenth])) for part in range(10)]
    assert sum(covered) >= 9
    assert covered[-1]


def test_silence_has_no_windows() -> None:
    assert audio_needles(bytes(40_000), "it", "audio") == []


def test_audio_windows_are_telling() -> None:
    windows = [needle.masked for needle in audio_needles(_speech_like(20_000), "it", "audio")]
    assert len(windows) > 80
    assert all(len(window) >= 16 and len(set(window)) >= 11 for window in windows)


@pytest.mark.parametrize("shift", range(3))
def test_audio_is_found_in_base64(shift: int) -> None:
    data = random.Random(2).randbytes(3_000)
    needles = base64_audio_needles(data, "it", "mp3")
    assert _found(needles, base64.b64encode(bytes(shift) + data))


def test_windows_that_other_audio_has_too_are_dropped() -> None:
    pause, speech = random.Random(3).randbytes(4_000), random.Random(4).randbytes(4_000)
    needles = audio_needles(pause + speech, "it", "mp3")
    left = without_common(needles, [b"head" + pause])
    assert 0 < len(left) < len(needles)
    assert {place > 3_900 for place, _ in Finder(left).find(mask(pause + speech), 8_000)} == {True}
