"""The output formats."""

from __future__ import annotations

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT, Codec

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("name", "codec", "sample_rate_hz", "bit_rate_kbps", "content_type"),
    [
        ("mp3_44100_128", Codec.MP3, 44100, 128, "audio/mpeg"),
        ("pcm_22050", Codec.PCM, 22050, 0, "audio/pcm"),
        ("ulaw_8000", Codec.ULAW, 8000, 0, "audio/basic"),
        ("opus_48000_64", Codec.OPUS, 48000, 64, "audio/ogg"),
        ("wav_16000", Codec.WAV, 16000, 0, "audio/wav"),
    ],
)
def test_a_format_is_what_its_name_says(
    name: str, codec: Codec, sample_rate_hz: int, bit_rate_kbps: int, content_type: str
) -> None:
    shown = AUDIO_FORMATS[name]
    assert (shown.codec, shown.sample_rate_hz, shown.bit_rate_kbps) == (codec, sample_rate_hz, bit_rate_kbps)
    assert shown.content_type == content_type


def test_all_formats_of_the_protocol_are_there_and_only_wav_states_its_length_first() -> None:
    assert len(AUDIO_FORMATS) == 28
    assert DEFAULT_AUDIO_FORMAT in AUDIO_FORMATS
    assert {f.codec for f in AUDIO_FORMATS.values() if not f.is_streamable} == {Codec.WAV}
