"""All encoders by one set of rules: length, container, pieces, repetition."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.encoders import new_encoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit

RATE_HZ = 22_050
SAMPLE_COUNT = RATE_HZ * 2 + 137
FORMATS = list(AUDIO_FORMATS.values())
# MP3 comes in whole frames of 1152 samples with about one frame of delay on either side; Opus says its own.
MP3_SLACK_S = 4 * 1152 / 22_050


def sung(sample_count: int = SAMPLE_COUNT) -> bytes:
    times_s = np.arange(sample_count) / RATE_HZ
    return (np.sin(2 * np.pi * 440 * times_s) * 9_000).astype("<i2").tobytes()


def in_pieces(pcm: bytes, piece_bytes: int) -> list[AudioContent]:
    return [AudioContent(pcm[at : at + piece_bytes]) for at in range(0, len(pcm), piece_bytes)]


def encoded(audio_format: AudioFormat, piece_bytes: int = 22_050) -> bytes:
    encoder = new_encoder(audio_format, RATE_HZ, SAMPLE_COUNT)
    return encode_all(encoder, in_pieces(sung(), piece_bytes))


RAW_NAMES = {Codec.PCM: "s16le", Codec.ULAW: "mulaw", Codec.ALAW: "alaw"}


def decoded(audio_format: AudioFormat, data: bytes) -> tuple[np.ndarray, int]:
    """Return samples as FFmpeg reads them, and their rate."""
    options = {}
    if audio_format.codec in RAW_NAMES:
        options = {"sample_rate": str(audio_format.sample_rate_hz), "ch_layout": "mono"}
    with av.open(io.BytesIO(data), format=RAW_NAMES.get(audio_format.codec), options=options) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="s16", layout="mono")
        frames = [out for frame in container.decode(stream) for out in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames]), stream.rate


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda f: f.name)
def test_every_format_decodes_to_the_same_sound_at_its_rate_and_length(audio_format: AudioFormat) -> None:
    samples, rate_hz = decoded(audio_format, encoded(audio_format))
    expected = SAMPLE_COUNT * audio_format.sample_rate_hz / RATE_HZ
    slack = MP3_SLACK_S * audio_format.sample_rate_hz if audio_format.codec is Codec.MP3 else 1
    assert rate_hz == audio_format.sample_rate_hz
    assert abs(len(samples) - expected) <= slack
    middle = samples[len(samples) // 4 : len(samples) * 3 // 4].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(np.argmax(spectrum) * rate_hz / len(middle) - 440) < 3
    assert 5_000 < np.sqrt((middle**2).mean()) < 8_000


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda f: f.name)
def test_the_bytes_depend_neither_on_the_pieces_nor_on_the_run(audio_format: AudioFormat) -> None:
    assert encoded(audio_format, 2_646) == encoded(audio_format, 22_050) == encoded(audio_format, 22_050)


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda f: f.name)
def test_the_first_bytes_come_after_a_quarter_of_a_second_of_sound(audio_format: AudioFormat) -> None:
    encoder = new_encoder(audio_format, RATE_HZ, SAMPLE_COUNT)
    pieces = in_pieces(sung(), 2_646)[:5]
    early = b"".join(encoder.encode(piece).reveal() for piece in pieces)
    encoder.close()
    assert len(early) > 150  # more than the headers of any container


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda f: f.name)
def test_a_stream_without_samples_ends_without_an_error(audio_format: AudioFormat) -> None:
    assert len(encode_all(new_encoder(audio_format, RATE_HZ, 0), [])) < 500


@pytest.mark.parametrize("audio_format", FORMATS, ids=lambda f: f.name)
def test_an_encoder_may_be_closed_midway_and_twice(audio_format: AudioFormat) -> None:
    encoder = new_encoder(audio_format, RATE_HZ, SAMPLE_COUNT)
    encoder.encode(AudioContent(sung()[:8_000]))
    encoder.close()
    encoder.close()


def test_wav_is_refused_without_a_length() -> None:
    with pytest.raises(AssertionError):
        new_encoder(AUDIO_FORMATS["wav_16000"], RATE_HZ)
