"""Groups find what they were made of, and nothing else."""

from __future__ import annotations

import base64
import json
import math
import random
import struct

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.encodings import TEXT_FORMS
from echoless.audit.needles import MASK, audio_groups, base64_audio_groups, text_groups

pytestmark = pytest.mark.unit


def _found(groups, data: bytes) -> list[tuple[str, str]]:
    masked = data.translate(MASK)
    return [(group.kind, owner) for group in groups for _, owner in group.find(masked, len(masked))]


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
        owners = {owner for _, owner in _found(text_groups([canary]), b"\x07" + TEXT_FORMS[form](word) + b"\x07")}
        assert owners == {"it"}


def test_a_hit_names_the_text_that_it_came_from() -> None:
    mint = CanaryMint(seed=8)
    first, second = mint.plain("first", 300, is_kept=False), mint.plain("second", 300, is_kept=True)
    groups = text_groups([first, second])
    assert {owner for _, owner in _found(groups, json.dumps(second.text).encode())} == {"second"}
    assert len(_found(groups, first.text.encode())) == len(first.words)


def test_words_of_another_run_are_not_found() -> None:
    groups = text_groups([CanaryMint(seed=9).plain("mine", 5000, is_kept=False)])
    assert _found(groups, CanaryMint(seed=10).plain("other", 5000, is_kept=False).text.encode()) == []


def test_a_beginning_without_a_known_end_is_not_found() -> None:
    mint = CanaryMint(seed=11)
    groups = text_groups([mint.plain("it", 300, is_kept=False)])
    assert _found(groups, (mint.anchor + "xxxxxx").encode()) == []


def test_a_five_letter_clause_is_found_alone() -> None:
    canary = CanaryMint(seed=12).short("five", is_kept=False)
    assert ("utf-8", "five") in _found(text_groups([canary]), b"..." + canary.text.encode() + b"\0")


def test_needles_are_held_under_a_mask() -> None:
    canary = CanaryMint(seed=13).plain("it", 300, is_kept=False)
    for group in text_groups([canary]):
        held = group.anchor + b"".join(group.owners)
        assert not any(word.encode() in held for word in canary.words)


@pytest.mark.parametrize("data", [random.Random(1).randbytes(40_000), _speech_like(40_000)], ids=["encoded", "pcm"])
def test_audio_windows_come_from_all_parts(data: bytes) -> None:
    groups = audio_groups(data, "it", "audio")
    tenth = len(data) // 10
    covered = [bool(_found(groups, data[part * tenth : (part + 1) * tenth])) for part in range(10)]
    assert sum(covered) >= 8
    assert covered[-1]


def test_silence_has_no_windows() -> None:
    assert audio_groups(bytes(40_000), "it", "audio") == []


def test_audio_windows_are_telling() -> None:
    for group in audio_groups(_speech_like(20_000), "it", "audio"):
        for window in group.owners:
            assert len(window) >= 16
            assert len(set(window)) >= 11


@pytest.mark.parametrize("shift", range(3))
def test_audio_is_found_in_base64(shift: int) -> None:
    data = random.Random(2).randbytes(3_000)
    groups = base64_audio_groups(data, "it", "mp3")
    assert _found(groups, base64.b64encode(bytes(shift) + data))
