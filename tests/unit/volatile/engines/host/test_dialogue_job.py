"""Turns of several voices in one job: all of the text, equally loud, with gaps, and who speaks when."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dialogue_records import DialogueSpeak, DialogueTurn, VoiceRun
from echoless.crossing.records import (
    AlignmentPart,
    Normalization,
    PronunciationRule,
    Record,
    SpeechBegan,
)
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.dialogue_job import DialogueJob
from echoless.volatile.engines.host.levelling import TARGET_DBFS, amplified, loudness_dbfs
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.dialogue import LAST_MS
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.ports import SpokenAudio

pytestmark = pytest.mark.unit
RATE_HZ = 22_050
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
GAIN_DB = {"en-us+f3": -12.0, "en+m3": 6.0}


class UnequalEngine(ToneEngine):
    """Tones whose loudness depends on the voice, half a second of silence after each utterance."""

    def __init__(self) -> None:
        self.spoken: list[tuple[str, str]] = []

    def speak(self, utterance, voice, delivery, on_samples=None):  # type: ignore[no-untyped-def]  # as its base
        self.spoken.append((voice.engine_name, utterance.spoken.reveal()))
        tone = super().speak(utterance, voice, delivery)
        pcm = amplified(tone.pcm, GAIN_DB.get(voice.engine_name, 0.0))
        return SpokenAudio(AudioContent(pcm.reveal() + bytes(RATE_HZ)), tone.marks)


class Outlet:
    def __init__(self) -> None:
        self.records: list[Record] = []
        self.audio = b""

    def post(self, record: Record) -> None:
        self.records.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        self.audio += audio.reveal()

    def of(self, kind: type) -> list:  # type: ignore[type-arg]  # one kind of record
        return [record for record in self.records if isinstance(record, kind)]


def job_for(*lines: tuple[str, str], **changes: object) -> DialogueSpeak:
    values = {
        "turns": [DialogueTurn(text, voice, {}) for voice, text in lines], "language_code": "",
        "output_format": "pcm_22050", "seed": None, "normalization": Normalization.AUTO, "wants_alignment": True,
        "window_bytes": 1,
    }  # fmt: skip
    return DialogueSpeak(**(values | changes))  # type: ignore[arg-type]  # a record's fields by name


def run(job: DialogueSpeak, engine: UnequalEngine | None = None) -> tuple[Outlet, DialogueJob]:
    outlet = Outlet()
    parts = SpeechParts(engine or UnequalEngine(), new_encoder, TextPlanner({}))
    dialogue = DialogueJob(job, parts, outlet)
    for _step in dialogue.steps():
        pass
    ending = dialogue.ending()
    assert ending.audio_bytes == len(outlet.audio)
    dialogue.close()
    dialogue.close()
    return outlet, dialogue


LINES = ((RACHEL, "Where have you been all day long? "), (GEORGE, "At home [sighs] of course."), (RACHEL, "Well-"))


def test_alignment_is_the_concatenation_of_the_inputs_and_runs_name_their_turns() -> None:
    outlet, _ = run(job_for(*LINES))
    characters = [character for part in outlet.of(AlignmentPart) for character in part.characters]
    assert "".join(characters) == "".join(text for _, text in LINES)
    runs: list[VoiceRun] = outlet.of(VoiceRun)
    assert [run.turn_index for run in runs] == sorted(run.turn_index for run in runs)
    assert {run.turn_index for run in runs} == {0, 1, 2}
    for index, (_, text) in enumerate(LINES):
        assert sum(run.character_count for run in runs if run.turn_index == index) == len(text)


def test_times_never_go_back_and_end_within_the_audio() -> None:
    outlet, _ = run(job_for(*LINES))
    starts = [start for part in outlet.of(AlignmentPart) for start in part.start_s]
    assert all(before <= after for before, after in pairwise(starts))
    assert outlet.of(VoiceRun)[-1].end_s <= len(outlet.audio) / 2 / RATE_HZ
    assert all(before.end_s <= after.start_s for before, after in pairwise(outlet.of(VoiceRun)))


def test_every_turn_is_heard_equally_loud() -> None:
    outlet, _ = run(job_for((RACHEL, "One two three four five."), (GEORGE, "Six seven eight nine ten.")))
    for heard in outlet.of(VoiceRun):
        cut = slice(2 * round(heard.start_s * RATE_HZ), 2 * round(heard.end_s * RATE_HZ))
        assert loudness_dbfs(AudioContent(outlet.audio[cut]), RATE_HZ) == pytest.approx(TARGET_DBFS, abs=1.0)


def test_a_tag_makes_a_passage_louder_or_quieter_than_its_turn() -> None:
    outlet, _ = run(job_for((RACHEL, "Now all of it is plain. [softly] Now all of it is soft.")))
    plain, *_, soft = (
        loudness_dbfs(
            AudioContent(outlet.audio[2 * round(run.start_s * RATE_HZ) : 2 * round(run.end_s * RATE_HZ)]), RATE_HZ
        )
        for run in outlet.of(VoiceRun)
    )
    assert plain is not None
    assert soft == pytest.approx(plain - 5.0, abs=1.0)


def test_turns_are_apart_by_a_gap_and_not_by_the_engines_own_silence() -> None:
    outlet, _ = run(job_for(*LINES))
    runs = outlet.of(VoiceRun)
    first, second = (max(r.end_s for r in runs if r.turn_index == i) for i in (0, 1))
    begins = [min(r.start_s for r in runs if r.turn_index == i) for i in (1, 2)]
    assert begins[0] - first == pytest.approx(0.2, abs=0.01)
    assert begins[1] - second == pytest.approx(0.3, abs=0.01)
    assert len(outlet.audio) / 2 / RATE_HZ - runs[-1].end_s == pytest.approx(LAST_MS / 1000, abs=0.01)


def test_tags_are_never_spoken_and_a_whisper_is_whispered() -> None:
    engine = UnequalEngine()
    run(job_for((RACHEL, "[whispers] Hello. [laughs]"), (GEORGE, "[gunshot] What?")), engine)
    assert [(voice, text.strip()) for voice, text in engine.spoken] == [
        ("en-us+whisperf", "Hello."),
        ("en+m3", "What?"),
    ]


def test_rules_hold_in_every_turn_and_the_submitted_text_keeps_its_times() -> None:
    engine = UnequalEngine()
    outlet, _ = run(job_for((RACHEL, "The UN."), (GEORGE, "UN?"), rules=[PronunciationRule("UN", "world")]), engine)
    assert [text for _, text in engine.spoken] == ["The world.", "world?"]
    parts = outlet.of(AlignmentPart)
    assert "".join("".join(part.characters) for part in parts) == "The UN.UN?"
    assert "".join("".join(part.normalized_characters) for part in parts) == "The world.world?"


def test_a_file_that_states_its_length_is_as_long_as_it_says() -> None:
    outlet, _ = run(job_for(*LINES, output_format="wav_16000"))
    (began,) = outlet.of(SpeechBegan)
    assert began.audio_bytes == len(outlet.audio)
    plain, _ = run(job_for(*LINES))
    assert (len(outlet.audio) - 44) / 2 / 16_000 == pytest.approx(len(plain.audio) / 2 / RATE_HZ, abs=0.01)


def test_a_dialogue_without_anything_to_say_is_a_playable_silence() -> None:
    for output_format in ("pcm_22050", "wav_22050"):
        outlet, _ = run(job_for((RACHEL, "[laughs]"), (GEORGE, "..."), output_format=output_format))
        assert len(outlet.audio) > RATE_HZ // 10
        samples = np.frombuffer(outlet.audio[44:], "<i2")
        assert not samples.any()


def test_the_gain_of_a_turn_does_not_move_within_it() -> None:
    """Measured on the first seconds, held for the rest, however long the turn."""
    outlet, _ = run(job_for((RACHEL, "Nothing is here to be heard but tones. " * 8)))
    levels = [
        np.abs(
            np.frombuffer(outlet.audio[2 * round(r.start_s * RATE_HZ) : 2 * round(r.end_s * RATE_HZ)], "<i2")
        ).max()
        for r in outlet.of(VoiceRun)
    ]
    assert max(levels) - min(levels) <= 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"turns": [DialogueTurn("a", RACHEL, {}), DialogueTurn("b", "nobody", {})]}, ErrorCode.VOICE_NOT_FOUND),
        ({"output_format": "mp3_1_1"}, ErrorCode.INVALID_PARAMETERS),
        ({"turns": []}, ErrorCode.VOICE_NOT_FOUND),
    ],
)
def test_what_does_not_exist_is_refused_before_a_sample(changes: dict[str, object], code: ErrorCode) -> None:
    with pytest.raises(EcholessError) as caught:
        run(job_for((RACHEL, "a"), **changes))
    assert caught.value.code is code
