"""WAV files state their true length, whatever comes."""

from __future__ import annotations

import io
import wave

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.wav import WAVEncoder, wav_header
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit

FORMAT = AUDIO_FORMATS["wav_44100"]


def test_the_header_is_what_the_standard_library_reads() -> None:
    with wave.open(io.BytesIO(wav_header(16_000, 500) + bytes(1_000))) as reader:
        assert reader.getparams()[:4] == (1, 2, 16_000, 500)


@pytest.mark.parametrize("given_count", [0, 999, 1_000, 1_001])
def test_a_file_is_as_long_as_it_said_even_when_more_or_less_comes(given_count: int) -> None:
    encoder = WAVEncoder(FORMAT, 22_050, 1_000)
    data = encode_all(encoder, [AudioContent(b"\x10\x20" * given_count)] if given_count else [])
    assert len(data) == 44 + 4_000
    with wave.open(io.BytesIO(data)) as reader:
        assert reader.getnframes() == 2_000
