"""Decoded, mixed, at one rate, in blocks, and within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import InputFormat
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.sniffing import RAW, MediaKind
from echoless.volatile.engines.media.sound import Recording
from tests.unit.volatile.engines.media.conftest import HELD_BYTES_MAX, BytesReader, recording, tone, wav_header

pytestmark = pytest.mark.unit


def opened(data: bytes, input_format: InputFormat = InputFormat.OTHER, **bounds: int) -> Recording:
    known: list[MediaKind] = []
    limits = {"duration_ms_max": 60_000, "held_bytes_max": HELD_BYTES_MAX} | bounds
    sound = Recording(BytesReader(data), input_format, on_known=known.append, without_noise=without_noise, **limits)
    sound.known = known  # type: ignore[attr-defined]  # for the tests only
    return sound


def wav(samples: np.ndarray, rate_hz: int) -> bytes:
    return wav_header(samples.shape[1], rate_hz, samples.nbytes) + samples.tobytes()


def mono(sound: Recording, rate_hz: int = 16_000) -> np.ndarray:
    return np.frombuffer(b"".join(block.reveal() for block in sound.blocks(rate_hz)), "<i2").astype(float)


def refusal(data: bytes, input_format: InputFormat = InputFormat.OTHER, **bounds: int) -> ErrorCode:
    with pytest.raises(EcholessError) as refused:
        list(opened(data, input_format, **bounds).blocks())
    return refused.value.code


def test_headerless_samples_come_out_as_they_are() -> None:
    pcm = tone(2.7).tobytes()
    sound = opened(pcm + b"\x01", InputFormat.PCM_S16LE_16)
    blocks = list(sound.blocks())
    assert b"".join(block.reveal() for block in blocks) == pcm
    assert all(len(block) <= 2 * 16_000 for block in blocks)
    assert sound.audio_ms == 2700
    assert sound.known == [RAW]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 96_000])
@pytest.mark.parametrize("wanted_hz", [16_000, 24_000])
def test_every_rate_becomes_the_one_that_is_wanted(rate_hz: int, wanted_hz: int) -> None:
    samples = mono(opened(wav(tone(3, rate_hz), rate_hz)), wanted_hz)
    assert abs(len(samples) - 3 * wanted_hz) <= 2
    wished = tone(3, wanted_hz)[: len(samples), 0]
    middle = slice(wanted_hz, 2 * wanted_hz)
    assert np.abs(samples[middle] - wished[middle]).max() < 40


def test_channels_are_mixed_by_their_mean() -> None:
    left = tone(1, 16_000)
    both = np.concatenate((left, np.zeros_like(left)), axis=1)
    assert np.abs(mono(opened(wav(both, 16_000))) - left[:, 0] / 2).max() <= 1


def test_channels_apart_are_those_of_the_recording() -> None:
    samples = tone(1.3, 48_000, 3)
    blocks = list(opened(wav(samples, 48_000)).channel_blocks())
    assert {len(block) for block in blocks} == {3}
    assert all(len({len(channel) for channel in block}) == 1 for block in blocks)
    levels = [
        np.frombuffer(b"".join(block[channel].reveal() for block in blocks), "<i2").std() for channel in range(3)
    ]
    assert levels[0] / levels[1] == pytest.approx(2, rel=0.01)
    assert levels[1] / levels[2] == pytest.approx(2, rel=0.01)


def test_more_than_five_channels_are_not_taken_apart() -> None:
    """Contract, speech to text: at most five channels."""
    with pytest.raises(EcholessError) as refused:
        list(opened(wav(tone(1, 16_000, 6), 16_000)).channel_blocks())
    assert refused.value.code is ErrorCode.TOO_MANY_CHANNELS


@pytest.mark.parametrize("input_format", list(InputFormat))
def test_sound_that_is_too_short_or_too_long_is_refused(input_format: InputFormat) -> None:
    """Contract, speech to text: at least 100 ms; each product has its own bound above."""
    made = wav if input_format is InputFormat.OTHER else (lambda samples, _rate_hz: samples.tobytes())
    assert refusal(made(tone(0.09), 16_000), input_format) is ErrorCode.AUDIO_TOO_SHORT
    list(opened(made(tone(0.1), 16_000), input_format).blocks())
    assert refusal(made(tone(2.1), 16_000), input_format, duration_ms_max=2000) is ErrorCode.AUDIO_TOO_LONG
    list(opened(made(tone(2.0), 16_000), input_format, duration_ms_max=2000).blocks())


@pytest.mark.parametrize("container", ["wav", "flac", "mp4", "webm"])
def test_a_container_that_states_too_long_a_time_is_refused_before_it_is_decoded(container: str) -> None:
    codec = {"wav": "pcm_s16le", "flac": "flac", "mp4": "aac", "webm": "libopus"}[container]
    data = recording(container, codec, tone(4, 48_000), 48_000)
    sound = opened(data, duration_ms_max=3000)
    with pytest.raises(EcholessError) as refused:
        list(sound.blocks())
    assert refused.value.code is ErrorCode.AUDIO_TOO_LONG
    assert sound.audio_ms == 0


@pytest.mark.parametrize("size", [0xFFFF_FFFF, 0x7FFF_FFFF])
def test_a_wave_file_that_was_written_as_a_stream_states_no_time(size: int) -> None:
    samples = tone(1)
    data = wav_header(1, 16_000, 0)[:-4] + size.to_bytes(4, "little") + samples.tobytes()
    assert len(mono(opened(data, duration_ms_max=2000))) == len(samples)


@pytest.mark.parametrize("input_format", list(InputFormat))
def test_nothing_is_no_sound(input_format: InputFormat) -> None:
    assert refusal(b"", input_format) is ErrorCode.INVALID_AUDIO
    assert refusal(b"\0", input_format) is ErrorCode.INVALID_AUDIO


def test_a_header_without_samples_is_no_sound() -> None:
    assert refusal(wav_header(1, 16_000, 0)) is ErrorCode.INVALID_AUDIO


def test_silence_is_sound() -> None:
    assert not mono(opened(wav(np.zeros((16_000, 1), "<i2"), 16_000))).any()


def test_a_rate_that_changes_on_the_way_changes_nothing() -> None:
    """MP3 frames may be strung together; each states its own rate."""
    one = recording("mp3", "libmp3lame", tone(1, 44_100), 44_100, {"write_xing": "0", "id3v2_version": "0"})
    two = recording("mp3", "libmp3lame", tone(1, 24_000), 24_000, {"write_xing": "0", "id3v2_version": "0"})
    assert abs(len(mono(opened(one + two))) / 16_000 - 2) < 0.2
