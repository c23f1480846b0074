"""A word that was turned round, shifted or packed on its way is found inside what came of it. (C16, C32)"""

from __future__ import annotations

import array
import base64
import codecs

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.disguises import DISGUISE_BYTES_MIN, DISGUISES
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import text_needles, word_needles

pytestmark = pytest.mark.unit

WORD = "qojaxubirami"


def _kinds(data: bytes) -> set[str]:
    masked = mask(data)
    return {needle.kind for _, needle in Finder(word_needles(WORD, "zero/text")).find(masked, len(masked))}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcd", "some text "])
def test_every_disguise_is_seen_through_inside_a_longer_text(before: str) -> None:
    text = f"{before}{WORD} and more"
    data = text.encode()
    hidden = {
        "reversed": text[::-1].encode(),
        "upper case": text.upper().encode(),
        "rot13": codecs.encode(text, "rot13").encode(),
        "complement": bytes(value ^ 0xFF for value in data),
        "hex, upper case": data.hex().upper().encode(),
        "hex, spaced": data.hex(" ").encode(),
        "percent": "".join(f"%{value:02X}" for value in data).encode(),
        "spelled with spaces": " ".join(text).encode(),
        "decimal list": repr(list(data)).replace(" ", "").encode(),
        "decimal list, spaced": repr(list(data)).encode(),
        "64-bit numbers": array.array("q", list(data)).tobytes(),
        f"base32-{len(before) % 5}": base64.b32encode(data),
        f"base85-{-len(before) % 4}": base64.b85encode(data),
        f"ascii85-{-len(before) % 4}": base64.a85encode(data),
    }
    for form, found in hidden.items():
        assert form in _kinds(found), form
    assert not _kinds(b"nothing of the kind, and no word either" * 9)


def test_every_disguise_that_there_is_has_been_tried() -> None:
    tried = {"reversed", "upper case", "rot13", "complement", "hex, upper case", "hex, spaced", "percent"}
    tried |= {"spelled with spaces", "decimal list", "decimal list, spaced", "64-bit numbers"}
    tried |= {f"base32-{phase}" for phase in range(5)}
    tried |= {f"{name}-{phase}" for name in ("base85", "ascii85") for phase in range(4)}
    assert tried == set(DISGUISES)


def test_a_short_word_in_a_short_disguise_is_not_looked_for() -> None:
    short = CanaryMint(seed=5).short("zero/clause of 5/text", is_kept=False)
    for needle in text_needles([short]):
        assert needle.kind not in DISGUISES or len(needle.masked) >= DISGUISE_BYTES_MIN
    assert "reversed" not in {needle.kind for needle in text_needles([short])}


def test_of_a_long_text_the_first_and_the_last_words_are_looked_for_in_disguise() -> None:
    text = CanaryMint(seed=6).plain("zero/long", 20_000, is_kept=False)
    found = Finder(text_needles([text]))
    for word, is_found in ((text.words[0], True), (text.words[-1], True), (text.words[500], False)):
        assert any(found.find(mask(word[::-1].encode()), len(word))) is is_found
        assert any(found.find(mask(word.encode()), len(word)))
