"""A job that takes more text: it waits for nothing, and what it says is one stream."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import DEFAULT_VOICE_ID
from echoless.crossing.records import AlignmentPart, Normalization, Record
from echoless.crossing.socket_records import MoreText, SpeakOn, TextSpoken
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.host.stream_job import WAITING_CHARACTERS_MAX, StreamJob
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.flow import TextPlanner

pytestmark = pytest.mark.unit


class Outlet:
    def __init__(self) -> None:
        self.sent: list[Record | AudioContent] = []

    def post(self, record: Record) -> None:
        self.sent.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        self.sent.append(audio)

    @property
    def audio(self) -> bytes:
        return b"".join(part.reveal() for part in self.sent if isinstance(part, AudioContent))

    def of(self, kind: type[Record]) -> list[Any]:
        return [part for part in self.sent if isinstance(part, kind)]


def stream(**changes: Any) -> tuple[StreamJob, Outlet]:
    values: dict[str, Any] = {
        "catalogue_id": DEFAULT_VOICE_ID, "language_code": "", "output_format": "pcm_22050", "settings": {},
        "seed": None, "normalization": Normalization.OFF, "is_alignment_first": False, "parses_markup": False,
        "window_bytes": 65536,
    }  # fmt: skip
    outlet = Outlet()
    parts = SpeechParts(ToneEngine(), new_encoder, TextPlanner({}))
    return StreamJob(SpeakOn(**(values | changes)), parts, outlet), outlet


def run(job: StreamJob, steps: Any) -> None:
    """Do steps until the job waits or ends."""
    for _ in steps:
        if job.is_waiting:
            return


def test_a_job_without_text_waits_at_its_first_step_and_more_text_wakes_it() -> None:
    job, outlet = stream()
    steps = job.steps()
    run(job, steps)
    assert (job.is_waiting, outlet.sent) == (True, [])
    job.add(MoreText("One. ", is_phrase_end=True))
    assert not job.is_waiting
    run(job, steps)
    assert job.is_waiting
    assert len(outlet.of(TextSpoken)) == 1
    job.end()
    run(job, steps)
    assert not job.is_waiting
    assert job.ending().error_code == ""


def test_texts_follow_each_other_in_one_stream_with_times_that_go_on() -> None:
    job, outlet = stream()
    for text in ("One. ", "Two. "):
        job.add(MoreText(text, is_phrase_end=False))
    job.end()
    run(job, job.steps())
    parts = outlet.of(AlignmentPart)
    assert ["".join(part.characters) for part in parts] == ["One. ", "Two. "]
    assert parts[1].start_s[0] >= parts[0].end_s[-1] - 1e-6
    assert job.ending().audio_bytes == len(outlet.audio) > 0


@pytest.mark.parametrize("is_first", [True, False])
def test_times_come_before_or_after_the_first_audio(is_first: bool) -> None:
    job, outlet = stream(is_alignment_first=is_first)
    job.add(MoreText("One sentence. ", is_phrase_end=True))
    job.end()
    run(job, job.steps())
    kinds = [type(part) for part in outlet.sent if isinstance(part, AlignmentPart | AudioContent)]
    assert (kinds[0] is AlignmentPart) is is_first
    assert AlignmentPart in kinds


def test_the_end_of_a_phrase_is_pushed_out_by_silence_and_other_ends_are_not() -> None:
    lengths = []
    for is_phrase_end in (False, True):
        job, outlet = stream()
        job.add(MoreText("One. ", is_phrase_end=is_phrase_end))
        run(job, job.steps())
        lengths.append(len(outlet.audio))
    assert lengths[1] - lengths[0] == 2 * 22050 // 10


def test_markup_is_text_unless_it_is_to_be_obeyed() -> None:
    lengths = []
    for parses_markup in (False, True):
        job, outlet = stream(parses_markup=parses_markup)
        job.add(MoreText('One.<break time="3s"/>', is_phrase_end=False))
        job.end()
        run(job, job.steps())
        lengths.append(bytes(2 * 22050 * 2) in outlet.audio)
        assert "".join("".join(part.characters) for part in outlet.of(AlignmentPart)) == 'One.<break time="3s"/>'
    assert lengths == [False, True]


def test_a_format_that_states_its_length_first_is_refused() -> None:
    with pytest.raises(EcholessError) as caught:
        stream(output_format="wav_44100")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


def test_text_that_waits_is_bounded_and_a_closed_job_holds_none() -> None:
    job, _outlet = stream()
    job.add(MoreText("x" * WAITING_CHARACTERS_MAX, is_phrase_end=False))
    with pytest.raises(EcholessError) as caught:
        job.add(MoreText("x", is_phrase_end=False))
    assert caught.value.code is ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED
    job.close()
    assert not job._texts


@pytest.mark.parametrize("reads_tags", [True, False])
def test_tags_shape_the_delivery_only_where_they_are_read(reads_tags: bool) -> None:
    job, outlet = stream(reads_tags=reads_tags)
    job.add(MoreText("[shouts] Hello. ", is_phrase_end=True))
    job.end()
    run(job, job.steps())
    spoken = "".join("".join(part.normalized_characters) for part in outlet.of(AlignmentPart))
    assert ("shouts" in spoken) is not reads_tags
    plain, heard = stream(reads_tags=reads_tags)
    plain.add(MoreText("Hello. ", is_phrase_end=True))
    plain.end()
    run(plain, plain.steps())
    assert (peak(outlet.audio) > peak(heard.audio)) is reads_tags


def peak(audio: bytes) -> int:
    return max(memoryview(audio).cast("h"))
