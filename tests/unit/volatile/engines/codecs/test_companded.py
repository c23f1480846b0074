"""G.711, against its published anchor values."""

from __future__ import annotations

import struct

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.companded import CompandedEncoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "codes"),
    # ITU-T G.711: zero, then the largest positive and negative code of each law.
    [("ulaw_8000", b"\xff\x80\x00"), ("alaw_8000", b"\xd5\xaa\x2a")],
)
def test_zero_and_the_extremes_have_their_codes(name: str, codes: bytes) -> None:
    pcm = AudioContent(struct.pack("<3h", 0, 32_767, -32_768))
    assert encode_all(CompandedEncoder(AUDIO_FORMATS[name], 8_000), [pcm]) == codes
