"""A capsule opens with one key and nothing else, and is an ordinary age file."""

from __future__ import annotations

import base64

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.capsule import (
    BEGIN,
    CAPSULE_BYTES_MAX,
    DIAGNOSIS_BYTES_MAX,
    checked_recipient,
    open_capsule,
    seal,
)

pytestmark = pytest.mark.unit
IDENTITY = pyrage.x25519.Identity.generate()
KEY = str(IDENTITY.to_public())


def test_capsule_opens_with_the_key_that_it_is_sealed_to() -> None:
    capsule = seal(b"what happened", KEY)
    assert capsule.startswith(BEGIN)
    assert capsule.isascii()
    assert open_capsule(f"  {capsule}\n", [IDENTITY]) == b"what happened"


def test_capsule_opens_with_no_other_key() -> None:
    with pytest.raises(EcholessError) as refused:
        open_capsule(seal(b"what happened", KEY), [pyrage.x25519.Identity.generate()])
    assert refused.value.code is ErrorCode.INVALID_PARAMETERS


def test_capsule_of_a_diagnosis_of_any_size_is_read_again() -> None:
    diagnosis = bytes(range(256)) * (DIAGNOSIS_BYTES_MAX // 256)
    capsule = seal(diagnosis, KEY)
    assert len(capsule) <= CAPSULE_BYTES_MAX
    assert open_capsule(capsule, [IDENTITY]) == diagnosis


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 2**20), flip=st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, flip: int) -> None:
    body = seal(b"what happened to this request", KEY).splitlines()[1:-1]
    data = bytearray(base64.b64decode("".join(body)))
    data[place % len(data)] ^= flip
    text = base64.b64encode(bytes(data)).decode()
    lines = [BEGIN, *(text[start : start + 64] for start in range(0, len(text), 64)), BEGIN.replace("BEGIN", "END")]
    with pytest.raises(EcholessError):
        open_capsule("\n".join(lines), [IDENTITY])


@pytest.mark.parametrize("capsule", ["", "nothing", BEGIN, "x" * (CAPSULE_BYTES_MAX + 1)])
def test_what_is_no_capsule_is_refused(capsule: str) -> None:
    with pytest.raises(EcholessError):
        open_capsule(capsule, [IDENTITY])


def test_a_recipient_is_given_back_as_age_writes_it() -> None:
    assert checked_recipient(KEY) == checked_recipient(KEY.upper()) == KEY


MISWRITTEN = KEY[:-1] + ("q" if KEY.endswith("x") else "x")


# Named, because processes that share the tests must give tests with keys of their own the same names.
@pytest.mark.parametrize(
    "word",
    ["", "age1", str(IDENTITY), MISWRITTEN, "ssh-ed25519 AAAA", "ä"],
    ids=["nothing", "too short", "secret key", "miswritten", "of another kind", "no letter of it"],
)
def test_what_is_no_recipient_is_refused_without_showing_it(word: str) -> None:
    with pytest.raises(EcholessError) as refused:
        checked_recipient(word)
    assert refused.value.param == "capsule_key"
    assert len(word) < 5 or word not in refused.value.public_description
