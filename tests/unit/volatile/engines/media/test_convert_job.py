"""A recording in, a file in the wanted format out."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record, SpeechBegan, SpeechEnded
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.media.convert_job import ConvertJob
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.sound import Recording
from echoless.volatile.engines.null.conversion import UnchangedConversion
from echoless.volatile.speech.media_ports import JobCancelledError
from tests.unit.volatile.engines.media.conftest import BytesReader, convert, null_convert_job, tone

pytestmark = pytest.mark.unit


class Kept:
    """An outlet that keeps everything, and lets a job go on so many times."""

    def __init__(self, checks_left: int = 10**6) -> None:
        self.audio = bytearray()
        self.records: list[Record] = []
        self.checks_left = checks_left

    @property
    def audio_bytes(self) -> int:
        return len(self.audio)

    def post(self, record: Record) -> None:
        self.records.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        assert self.records, "audio before SpeechBegan"
        self.audio += audio.reveal()

    def check(self) -> None:
        self.checks_left -= 1
        if not self.checks_left:
            raise JobCancelledError


class Watched(UnchangedConversion):
    """A conversion that says whether it was released."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True


def sound(pcm: np.ndarray) -> Recording:
    return Recording(
        BytesReader(pcm.tobytes()), convert().input_format, duration_ms_max=60_000, held_bytes_max=0,
        on_known=lambda _kind: None, without_noise=without_noise,
    )  # fmt: skip


@pytest.mark.parametrize("name", AUDIO_FORMATS)
def test_every_output_format_holds_the_whole_recording(name: str) -> None:
    """Contract, README section 6."""
    outlet = Kept()
    ending = null_convert_job().run(convert(output_format=name), sound(tone(2)), outlet)
    assert ending == SpeechEnded("", 2000, len(outlet.audio))
    # An MP3 decoder plays the encoder's delay and whole frames: up to 70 ms at the low rates.
    assert abs(_seconds(name, bytes(outlet.audio)) - 2) < 0.08


def _seconds(name: str, data: bytes) -> float:
    audio_format = AUDIO_FORMATS[name]
    if audio_format.codec.value in ("pcm", "ulaw", "alaw"):
        return len(data) / audio_format.sample_rate_hz / (2 if audio_format.codec.value == "pcm" else 1)
    with av.open(io.BytesIO(data)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


def test_a_wave_file_states_its_length_before_its_samples() -> None:
    outlet = Kept()
    null_convert_job().run(convert(output_format="wav_16000"), sound(tone(2)), outlet)
    assert outlet.records == [SpeechBegan(len(outlet.audio))]
    with wave.open(io.BytesIO(bytes(outlet.audio))) as file:
        assert file.readframes(file.getnframes()) == tone(2).tobytes()


def test_a_wave_file_over_the_bound_is_refused_before_anything_is_sent() -> None:
    job = ConvertJob(lambda _order: UnchangedConversion(), new_encoder, held_bytes_max=63_999)
    outlet = Kept()
    with pytest.raises(EcholessError) as refused:
        job.run(convert(output_format="wav_16000"), sound(tone(2)), outlet)
    assert refused.value.code is ErrorCode.FILE_TOO_LARGE
    assert outlet.records == []


def test_a_format_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EcholessError) as refused:
        null_convert_job().run(convert(output_format="mp3_1_1"), sound(tone(1)), Kept())
    assert refused.value.code is ErrorCode.INVALID_PARAMETERS


@pytest.mark.parametrize("name", ["mp3_44100_128", "wav_16000"])
def test_a_job_that_nobody_wants_releases_everything(name: str) -> None:
    conversion = Watched()
    job = ConvertJob(lambda _order: conversion, new_encoder, held_bytes_max=10**6)
    with pytest.raises(JobCancelledError):
        job.run(convert(output_format=name), sound(tone(5)), Kept(checks_left=3))
    assert conversion.is_closed


def test_noise_is_removed_when_it_is_asked_for() -> None:
    noise = np.random.default_rng(1).normal(0, 300, (48_000, 1)).astype("<i2")
    quiet, loud = Kept(), Kept()
    null_convert_job().run(convert(removes_noise=True), sound(noise), quiet)
    null_convert_job().run(convert(), sound(noise), loud)
    powers = [np.frombuffer(bytes(outlet.audio), "<i2")[16_000:].std() for outlet in (quiet, loud)]
    assert powers[0] < powers[1] / 4


def test_a_failure_tells_how_far_it_came() -> None:
    assert null_convert_job().failure(ErrorCode.INVALID_AUDIO, 5, 7) == SpeechEnded("invalid_audio", 5, 7)
