"""One job: order of frames, lengths stated first, pauses, alignment, settings."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from dataclasses import replace

import av
import numpy as np
import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.content import AudioContent
from echoless.crossing.records import AlignmentPart, Normalization, Record, SpeechBegan
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.speech_job import _KEPT_PCM_BYTES_MAX, SpeechJob, SpeechParts
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance
from tests.unit.volatile.engines.host.conftest import speak

pytestmark = pytest.mark.unit


class Collected:
    """An outlet that keeps the order."""

    def __init__(self) -> None:
        self.items: list[Record | bytes] = []

    def post(self, record: Record) -> None:
        self.items.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        self.items.append(audio.reveal())

    @property
    def audio(self) -> bytes:
        return b"".join(item for item in self.items if isinstance(item, bytes))


class Recording(ToneEngine):
    """Remembers how it was asked to speak."""

    def __init__(self) -> None:
        self.asked: list[tuple[EngineVoice, Delivery]] = []

    def speak(self, utterance: Utterance, voice: EngineVoice, delivery: Delivery, on_samples=None) -> SpokenAudio:  # type: ignore[no-untyped-def]  # as the base class
        self.asked.append((voice, delivery))
        return super().speak(utterance, voice, delivery, on_samples)


def done(parts: SpeechParts, text: str, **changes: object) -> Collected:
    outlet = Collected()
    job = SpeechJob(speak(text, **changes), parts, outlet)
    for _ in job.steps():
        pass
    job.close()
    return outlet


def test_alignment_comes_before_its_audio_and_covers_the_text(parts: SpeechParts) -> None:
    text = "First of all. <break time='300ms'/> Then, the second one! And 3."
    items = done(parts, text, wants_alignment=True).items
    assert isinstance(items[0], SpeechBegan)
    assert isinstance(items[1], AlignmentPart)
    aligned = [item for item in items if isinstance(item, AlignmentPart)]
    assert "".join(character for part in aligned for character in part.characters) == text
    starts = [start for part in aligned for start in part.start_s]
    assert starts == sorted(starts)


def test_samples_are_the_same_with_and_without_alignment(parts: SpeechParts) -> None:
    text = "First of all. And then the second one."
    for name in ("pcm_22050", "mp3_44100_128", "opus_48000_64"):
        changes = {"output_format": name}
        assert done(parts, text, **changes).audio == done(parts, text, wants_alignment=True, **changes).audio


RAW_NAMES = {Codec.PCM: "s16le", Codec.ULAW: "mulaw", Codec.ALAW: "alaw"}
HEARD_RATE_HZ = 44_100


@pytest.fixture(scope="module")
def speaking_parts() -> Iterator[SpeechParts]:
    engine = EspeakEngine()
    yield SpeechParts(engine, new_encoder, TextPlanner({}))
    engine.close()


def heard(data: bytes, audio_format: AudioFormat) -> np.ndarray:
    """Return what FFmpeg's decoder plays, at one rate for all formats."""
    options = {}
    if audio_format.codec in RAW_NAMES:
        options = {"sample_rate": str(audio_format.sample_rate_hz), "ch_layout": "mono"}
    resampler = av.AudioResampler(format="s16", layout="mono", rate=HEARD_RATE_HZ)
    with av.open(io.BytesIO(data), format=RAW_NAMES.get(audio_format.codec), options=options) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(float)


def lag_s(late: np.ndarray, early: np.ndarray) -> float:
    """Return by how much the same sound comes later: where their cross-correlation is highest."""
    size = 2 * max(len(late), len(early))
    likeness = np.fft.irfft(np.fft.rfft(late, size) * np.conj(np.fft.rfft(early, size)))
    best = int(np.argmax(likeness))
    return (best - size if best > size // 2 else best) / HEARD_RATE_HZ


@pytest.mark.parametrize("audio_format", list(AUDIO_FORMATS.values()), ids=lambda f: f.name)
def test_times_are_those_that_a_decoder_of_the_format_hears(
    speaking_parts: SpeechParts, audio_format: AudioFormat
) -> None:
    """MP3 is heard 1,105 samples late, Opus says in its header what is to be dropped, the others have no delay."""
    text = "She sells sea shells. They shine, I am sure."
    linear = done(speaking_parts, text, wants_alignment=True, output_format="pcm_44100")
    outlet = done(speaking_parts, text, wants_alignment=True, output_format=audio_format.name)
    was, became = (
        [start for item in items.items if isinstance(item, AlignmentPart) for start in item.start_s]
        for items in (linear, outlet)
    )
    delays_s = [late - early for late, early in zip(became, was, strict=True)]
    true_s = lag_s(heard(outlet.audio, audio_format), heard(linear.audio, AUDIO_FORMATS["pcm_44100"]))
    assert max(abs(delay_s - true_s) for delay_s in delays_s) < 0.001


def test_breaks_become_silence_of_their_length(parts: SpeechParts) -> None:
    plain = done(parts, "one. two.").audio
    broken = done(parts, 'one. <break time="1.5s"/> two.').audio
    assert len(broken) - len(plain) == 2 * 22_050 * 3 // 2


@pytest.mark.parametrize("is_long", [False, True])
def test_a_wav_file_states_its_exact_length_first(parts: SpeechParts, is_long: bool) -> None:
    text = "One word after another is sung here, without end. " * (60 if is_long else 1)
    outlet = done(parts, text, output_format="wav_44100")
    began = outlet.items[0]
    assert isinstance(began, SpeechBegan)
    assert began.audio_bytes == len(outlet.audio)
    assert (len(outlet.audio) > _KEPT_PCM_BYTES_MAX) is is_long
    with wave.open(io.BytesIO(outlet.audio)) as reader:
        assert reader.getnframes() * 2 + 44 == len(outlet.audio)
    linear = done(parts, text, output_format="pcm_44100").audio
    assert outlet.audio[44:] == linear


def test_settings_and_language_reach_the_engine(parts: SpeechParts) -> None:
    engine = Recording()
    changes = {"settings": {"speed": 1.5, "stability": 0.2, "style": 0.3, "use_speaker_boost": True}, "seed": 7}
    done(replace(parts, engine=engine), "hallo", language_code="de", **changes)
    voice, delivery = engine.asked[0]
    assert (voice.engine_name, voice.language) == ("de+f3", "de")
    assert delivery == Delivery(speed=1.5, stability=0.2, style=0.3, seed=7)


def test_normalization_off_reaches_the_plan(parts: SpeechParts) -> None:
    asked = []

    def plan(text, options):  # type: ignore[no-untyped-def]  # stands in for a TextFlow
        asked.append(options.spells_out)
        return parts.plan(text, options)

    for choice in Normalization:
        done(replace(parts, plan=plan), "5", normalization=choice)
    assert asked == [True, True, False]


def test_a_job_closed_midway_holds_nothing(parts: SpeechParts) -> None:
    job = SpeechJob(speak("one. two. three.", output_format="mp3_44100_128"), parts, Collected())
    steps = job.steps()
    next(steps)
    steps.close()
    job.close()
    assert job._encoder is None
    assert len(job._text) == 0
