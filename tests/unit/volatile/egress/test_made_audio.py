"""What the bytes of a remote's audio tell."""

from __future__ import annotations

import lameenc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.audio_formats import AUDIO_FORMATS, Codec
from echoless.volatile.egress.made_audio import audio_ms, is_as_asked, mp3_rates

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "count", "expected_ms"),
    [
        ("pcm_24000", 48000, 1000), ("wav_16000", 32044, 1000), ("ulaw_8000", 8000, 1000),
        ("mp3_44100_128", 16000, 1000), ("opus_48000_32", 4000, 1000), ("wav_16000", 0, 0),
    ],
)  # fmt: skip
def test_length_follows_from_size(name: str, count: int, expected_ms: int) -> None:
    assert audio_ms(AUDIO_FORMATS[name], count) == expected_ms


@pytest.mark.parametrize("name", [name for name, each in AUDIO_FORMATS.items() if each.codec is Codec.MP3])
def test_the_first_frame_of_real_mp3_tells_its_rates(name: str) -> None:
    wanted = AUDIO_FORMATS[name]
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(wanted.sample_rate_hz)
    encoder.set_out_sample_rate(wanted.sample_rate_hz)
    encoder.set_bit_rate(wanted.bit_rate_kbps)
    data = bytes(encoder.encode(bytes(wanted.sample_rate_hz * 2))) + bytes(encoder.flush())
    assert mp3_rates(data) == (wanted.sample_rate_hz, wanted.bit_rate_kbps)
    assert is_as_asked(wanted, data)
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    assert is_as_asked(wanted, tag + data)
    others = [each for each in AUDIO_FORMATS.values() if each.codec is Codec.MP3 and each is not wanted]
    assert not any(is_as_asked(other, data) for other in others)


@given(st.binary(max_size=64))
def test_any_bytes_are_looked_at_without_an_error(data: bytes) -> None:
    rates = mp3_rates(data)
    assert rates is None or (rates[0] >= 8000 and rates[1] >= 8)
    for each in AUDIO_FORMATS.values():
        is_as_asked(each, data)


def test_an_error_page_or_another_container_is_no_audio() -> None:
    for data in (b'{"error": 1}', b"RIFF....WAVE", b"OggS", b"ID3...."):
        assert not is_as_asked(AUDIO_FORMATS["pcm_24000"], data)
    assert not is_as_asked(
        AUDIO_FORMATS["wav_16000"], b"RIFF" + bytes(20) + (8000).to_bytes(4, "little") + bytes(16)
    )
    assert is_as_asked(AUDIO_FORMATS["opus_48000_32"], b"OggS....")
