"""Turns that come piece by piece: one stream, equally loud, with gaps, and times that keep up with the audio."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import AlignmentPart, Normalization, Record
from echoless.crossing.socket_records import MoreText, SpeakOn, TextSpoken, TurnVoice
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.levelling import TARGET_DBFS, amplified, loudness_dbfs
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.host.stream_dialogue_job import StreamDialogueJob
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.dialogue import CUT_OFF_MS
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.ports import SpokenAudio

pytestmark = pytest.mark.unit
RATE_HZ = 22_050
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
GAIN_DB = {"en-us+f3": -12.0, "en+m3": 6.0}
TAIL_MS = 500


class UnequalEngine(ToneEngine):
    """Tones whose loudness depends on the voice, half a second of silence after each utterance."""

    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []

    def speak(self, utterance, voice, delivery, on_samples=None):  # type: ignore[no-untyped-def]  # as its base
        self.spoken.append((voice.engine_name, utterance.spoken.reveal()))
        tone = super().speak(utterance, voice, delivery)
        pcm = amplified(tone.pcm, GAIN_DB.get(voice.engine_name, 0.0))
        return SpokenAudio(AudioContent(pcm.reveal() + bytes(RATE_HZ * TAIL_MS // 500)), tone.marks)


class Outlet:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.audio = b""
        self.starts: list[tuple[float, float]] = []

    def post(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record, AlignmentPart):
            # Where the times begin, and how much audio had been sent by then.
            self.starts.append((record.start_s[0], len(self.audio) / 2 / RATE_HZ))

    def send_audio(self, audio: AudioContent) -> None:
        self.audio += audio.reveal()

    def of(self, kind: type[Record]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]


def stream(**changes: Any) -> tuple[StreamDialogueJob, Outlet, UnequalEngine]:
    values: dict[str, Any] = {
        "catalogue_id": RACHEL, "language_code": "", "output_format": "pcm_22050", "settings": {},
        "seed": None, "normalization": Normalization.OFF, "is_alignment_first": True, "parses_markup": False,
        "window_bytes": 2**30, "reads_tags": True, "is_dialogue": True,
    }  # fmt: skip
    outlet, engine = Outlet(), UnequalEngine()
    parts = SpeechParts(engine, new_encoder, TextPlanner({}))
    return StreamDialogueJob(SpeakOn(**(values | changes)), parts, outlet), outlet, engine


def turn(text: str, voice: str | None = RACHEL, *, is_end: bool = False) -> MoreText:
    return MoreText(text, is_end, TurnVoice(voice, {}) if voice else None)


def run(*texts: MoreText, waits: bool = False, **changes: Any) -> tuple[Outlet, UnequalEngine, StreamDialogueJob]:
    """Speak texts; waits: each comes only when the one before has been spoken."""
    job, outlet, engine = stream(**changes)
    steps = job.steps()
    for text in texts:
        job.add(text)
        if waits:
            for _ in steps:
                if job.is_waiting:
                    break
    job.end()
    for _ in steps:
        pass
    job.close()
    return outlet, engine, job


def silences_ms(audio: bytes, shortest_ms: int = 20) -> list[float]:
    """Silences between what is heard, in order."""
    heard = np.flatnonzero(np.abs(np.frombuffer(audio, "<i2").astype(np.int32)) > 33)
    gaps = np.diff(heard) * 1000 / RATE_HZ
    return [round(float(gap)) for gap in gaps if gap > shortest_ms]


def test_each_turn_is_spoken_by_its_voice_and_a_text_without_one_goes_on_with_it() -> None:
    outlet, engine, _ = run(turn("One. "), turn("Two. ", None), turn("Three. ", GEORGE))
    assert [name for name, _ in engine.spoken] == ["en-us+f3", "en-us+f3", "en+m3"]
    texts = ["".join(part.characters) for part in outlet.of(AlignmentPart)]
    assert "".join(texts) == "One. Two. Three. "
    assert len(outlet.of(TextSpoken)) == 3


def test_every_turn_is_heard_equally_loud() -> None:
    text = "This is a sentence that is long enough to be measured well by anybody. "
    outlet, _, _ = run(turn(text), turn(text, GEORGE))
    pcm = np.frombuffer(outlet.audio, "<i2")
    half = len(pcm) // 2
    for part in (pcm[: half - RATE_HZ // 2], pcm[half + RATE_HZ // 2 :]):
        loudness = loudness_dbfs(AudioContent(part.tobytes()), RATE_HZ)
        assert loudness is not None
        assert abs(loudness - TARGET_DBFS) < 1.5


def test_the_gain_of_a_turn_does_not_move_within_it() -> None:
    _, _, job = run(turn("One. "))
    first = job._gain_db
    _, _, job = run(turn("One. "), turn("[shouts] Two! ", None))
    assert job._gain_db == first


def test_turns_are_apart_by_a_gap_and_texts_of_one_turn_by_the_engines_own_silence() -> None:
    outlet, _, _ = run(turn("One. "), turn("Two? ", None), turn("Three. ", GEORGE))
    within, between = silences_ms(outlet.audio)
    # A tone has a moment of silence of its own at its end.
    assert within == pytest.approx(TAIL_MS, abs=50)
    assert between == pytest.approx(200, abs=8)


def test_silence_that_pushed_a_text_out_counts_towards_the_gap() -> None:
    outlet, _, _ = run(turn("One. ", is_end=True), turn("Two. ", GEORGE), waits=True)
    assert silences_ms(outlet.audio) == [pytest.approx(300, abs=8)]


def test_whoever_interrupts_is_heard_at_once() -> None:
    outlet, _, _ = run(turn("One. "), turn("[interrupting] Two. ", GEORGE))
    assert silences_ms(outlet.audio) == [pytest.approx(CUT_OFF_MS, abs=8)]


def test_stated_times_end_where_the_audio_that_was_sent_ends() -> None:
    """A listener may add up times or count bytes: both lead to the same place."""
    texts = [
        turn("One. [long pause] Two.", is_end=True),
        turn("Three? ", GEORGE),
        turn("Four. ", None, is_end=True),
    ]
    outlet, _, _ = run(*texts, waits=True)
    ends = [0.0, *(part.end_s[-1] for part in outlet.of(AlignmentPart))]
    for end_s, (start_s, sent_s) in zip(ends, outlet.starts, strict=False):
        assert sent_s == pytest.approx(end_s, abs=0.002)
        assert start_s >= sent_s - 1e-6


def test_nothing_to_say_pushes_out_what_the_encoder_holds_and_counts_towards_the_gap() -> None:
    texts = [turn("One. "), turn("", None, is_end=True), turn("Two. ", GEORGE)]
    outlet, _, _ = run(*texts, waits=True)
    assert silences_ms(outlet.audio) == [pytest.approx(300, abs=8)]
    assert len(outlet.of(TextSpoken)) == 3


def test_tags_are_never_spoken() -> None:
    _, engine, _ = run(turn("[whispers] Hush now. "))
    assert all("whispers" not in text for _, text in engine.spoken)
    assert "whisper" in engine.spoken[0][0]


def test_nothing_is_left_of_a_text_once_it_has_been_spoken() -> None:
    job, _, _ = stream()
    job.add(turn("A secret. ", is_end=True))
    for _ in job.steps():
        if job.is_waiting:
            break
    assert not len(job._text)
    assert not job._texts


def test_a_voice_that_does_not_exist_ends_the_job() -> None:
    with pytest.raises(EcholessError) as caught:
        run(turn("One. ", "nobody"))
    assert caught.value.code is ErrorCode.VOICE_NOT_FOUND
