"""A recording is recognised window by window, and what was heard is sent as it comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import (
    InputFormat,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
    WordKind,
)
from echoless.crossing.records import Record
from echoless.volatile.engines.stt.transcribe_job import HearingParts, TranscribeJob
from echoless.volatile.speech.hearing_ports import Heard, HeardWord, HearingOptions
from echoless.volatile.speech.media_ports import JobCancelledError
from echoless.volatile.speech.windows import Window

pytestmark = pytest.mark.unit

FRAME = 960
ORDER = Transcribe(
    engine_model="", language_code="", input_format=InputFormat.OTHER, wants_characters=False, is_diarized=False,
    speaker_count=None, diarization_threshold=None, is_multichannel=False, tags_events=True, drops_fillers=False,
    keyterms=["Echoless"], seed=7, temperature=0.5, duration_ms_max=10_000,
)  # fmt: skip


class LoudIsSpeech:
    def is_speech(self, frame: AudioContent) -> bool:
        return any(frame.reveal())


@dataclass
class Listening:
    """A recogniser that hears two words in each window."""

    languages: tuple[str, ...] = ("en", "de")
    can_bias: bool = False
    wants_retirement: bool = False
    window_s_max: float = 30.0
    hears: str = "en"
    probability: float = 1.0
    options: list[HearingOptions] = field(default_factory=list)

    def recognise(self, pcm: AudioContent, options: HearingOptions) -> Heard:
        self.options.append(options)
        words = [HeardWord(TextContent(text), at, at + 0.1, -0.1) for at, text in enumerate(("one", "two"))]
        return Heard(words, self.hears, self.probability)


@dataclass
class Sound:
    """A recording of one or more channels."""

    channels: Sequence[bytes]
    audio_ms: int = 4_321

    def blocks(self, sample_rate_hz: int = 16_000, *, removes_noise: bool = False) -> Iterator[AudioContent]:
        assert (sample_rate_hz, removes_noise) == (16_000, False)
        for (block,) in self.channel_blocks():
            yield block

    def channel_blocks(self, sample_rate_hz: int = 16_000) -> Iterator[tuple[AudioContent, ...]]:
        for at in range(0, len(self.channels[0]), 10_000):
            yield tuple(AudioContent(channel[at : at + 10_000]) for channel in self.channels)


@dataclass
class Outlet:
    """Keeps what is sent."""

    sent: list[Record] = field(default_factory=list)
    audio_bytes: int = 0
    checks_left: int = 1_000_000

    def post(self, record: Record) -> None:
        self.sent.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        raise AssertionError("recognition makes no audio")

    def check(self) -> None:
        self.checks_left -= 1
        if self.checks_left < 0:
            raise JobCancelledError


def speech(*starts: int, frames: int = 200) -> bytes:
    """Loud for ten frames at each start."""
    pcm = bytearray(frames * FRAME)
    for start in starts:
        pcm[start * FRAME : (start + 10) * FRAME] = b"\1\1" * (5 * FRAME)
    return bytes(pcm)


def run(order: Transcribe, sound: Sound, recognizer: Listening, outlet: Outlet | None = None) -> list[Record]:
    outlet = outlet or Outlet()
    ending = TranscribeJob(HearingParts({"": recognizer}, LoudIsSpeech)).run(order, sound, outlet)
    return [*outlet.sent, ending]


def test_each_window_is_a_part_and_its_times_are_the_recordings() -> None:
    recognizer = Listening()
    first, second, ending = run(ORDER, Sound([speech(20, 120)]), recognizer)
    assert isinstance(first, TranscriptPart)
    assert isinstance(second, TranscriptPart)
    assert [word.text for word in [*first.words, *second.words]] == ["one", " ", "two", " ", "one", " ", "two"]
    assert first.words[0].start_s == pytest.approx(0.03 * 13)
    assert second.words[1].start_s == pytest.approx(0.03 * 113)
    assert ending == TranscriptEnded("", 4_321, 1, "en", 1.0)


def test_the_options_reach_the_recogniser() -> None:
    recognizer = Listening()
    run(msgspec.structs.replace(ORDER, language_code="de", drops_fillers=True), Sound([speech(5)]), recognizer)
    (options,) = recognizer.options
    assert (options.language, options.drops_fillers, options.tags_events) == ("de", True, True)
    assert (options.seed, options.temperature, options.wants_characters) == (7, 0.5, False)
    # It cannot bias, so it is not told the terms.
    assert options.keyterms == ()


def test_terms_are_given_to_a_recogniser_that_can_bias() -> None:
    recognizer = Listening(can_bias=True)
    run(ORDER, Sound([speech(5)]), recognizer)
    assert [term.reveal() for term in recognizer.options[0].keyterms] == ["Echoless"]


def test_each_channel_is_recognised_by_itself() -> None:
    order = msgspec.structs.replace(ORDER, is_multichannel=True)
    *parts, ending = run(order, Sound([speech(20), speech(60, 150), speech()]), Listening())
    by_channel = [part.channel for part in parts if isinstance(part, TranscriptPart)]
    assert sorted(by_channel) == [0, 1, 1]
    # The first words of a channel have no space before them, whatever the others said.
    assert all(part.words[0].kind is WordKind.WORD for part in parts[:2] if isinstance(part, TranscriptPart))
    assert ending == TranscriptEnded("", 4_321, 3, "en", 1.0)


def test_silence_is_an_empty_transcript() -> None:
    assert run(ORDER, Sound([speech()]), Listening()) == [TranscriptEnded("", 4_321, 1, "en", 1.0)]


def test_the_language_is_that_of_most_of_the_speech() -> None:
    *_parts, ending = run(ORDER, Sound([speech(5, 60)]), Listening(hears="de", probability=0.75))
    assert isinstance(ending, TranscriptEnded)
    assert (ending.language_code, ending.language_probability) == ("de", pytest.approx(0.75))


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (msgspec.structs.replace(ORDER, language_code="xx"), ErrorCode.INVALID_PARAMETERS),
        (msgspec.structs.replace(ORDER, engine_model="local:other"), ErrorCode.NOT_AVAILABLE),
    ],
)
def test_what_is_not_here_is_refused(order: Transcribe, code: ErrorCode) -> None:
    with pytest.raises(EcholessError) as caught:
        run(order, Sound([speech(5)]), Listening())
    assert caught.value.code is code


def test_a_job_that_nobody_listens_to_ends_between_two_windows() -> None:
    outlet = Outlet(checks_left=1)
    with pytest.raises(JobCancelledError):
        run(ORDER, Sound([speech(5, 60, 120)]), Listening(), outlet)
    assert len(outlet.sent) == 2


def test_a_failure_has_an_ending_of_its_kind() -> None:
    job = TranscribeJob(HearingParts({"": Listening()}, LoudIsSpeech))
    assert job.failure(ErrorCode.INVALID_AUDIO, 12, 0) == TranscriptEnded("invalid_audio", 12, 0, "", 0.0)


def test_a_recogniser_may_ask_for_a_new_process() -> None:
    fresh, worn = Listening(), Listening(wants_retirement=True)
    assert not TranscribeJob(HearingParts({"": fresh}, LoudIsSpeech)).wants_retirement
    assert TranscribeJob(HearingParts({"": fresh, "local:b": worn}, LoudIsSpeech)).wants_retirement


@dataclass
class Alternating:
    """A diarizer that gives each word to another speaker."""

    noted: list[tuple[float, float]] = field(default_factory=list)
    asked: list[tuple[int | None, float | None]] = field(default_factory=list)

    def note(self, window: Window, words: list[tuple[float, float]]) -> None:
        self.noted += words

    def speakers(self, count: int | None, threshold: float | None) -> list[int]:
        self.asked.append((count, threshold))
        return [index % 2 for index in range(len(self.noted))]


def test_speakers_are_named_at_the_end_one_for_each_word_sent() -> None:
    diarizer = Alternating()
    parts = replace(HearingParts({"": Listening()}, LoudIsSpeech), new_diarizer=lambda: diarizer)
    order = msgspec.structs.replace(ORDER, is_diarized=True, diarization_threshold=0.3)
    outlet = Outlet()
    TranscribeJob(parts).run(order, Sound([speech(20, 120)]), outlet)
    # A space belongs to the word before it.
    assert outlet.sent[-1] == SpeakerNames([0, 0, 1, 1, 0, 0, 1])
    assert diarizer.asked == [(None, 0.3)]


def test_speakers_are_refused_where_nothing_tells_them_apart() -> None:
    with pytest.raises(EcholessError) as caught:
        run(msgspec.structs.replace(ORDER, is_diarized=True), Sound([speech(5)]), Listening())
    assert caught.value.param == "diarize"
