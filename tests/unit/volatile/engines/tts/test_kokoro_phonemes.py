"""Phonemes in Kokoro's signs."""

from __future__ import annotations

import pytest

from echoless.volatile.engines.tts.kokoro_phonemes import kokoro_phonemes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("ipa", "signs"),
    [
        ("h\u0259l\u02c8o\u028a", "h\u0259l\u02c8O"),
        ("d\u0292\u02c8\u028cd\u0292", "\u02a4\u02c8\u028c\u02a4"),
        ("t\u0283\u02c8e\u026an", "\u02a7\u02c8An"),
        ("n\u02c8a\u026at\u02cc", "n\u02c8It\u02cc"),
        ("w\u02c8\u025c\u02d0ld", "w\u02c8\u025c\u0279ld"),
        ("b\u02c8\u028at\u025a", "b\u02c8\u028at\u0259\u0279"),
        ("si\u02d0", "si"),
    ],
)
def test_diphthongs_and_affricates_are_one_sign(ipa: str, signs: str) -> None:
    assert kokoro_phonemes(ipa) == signs
