"""Transcripts become files; nothing of them stays."""

from __future__ import annotations

import io

import docx
import msgspec
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import (
    DocumentFormat,
    DocumentPart,
    DocumentsEnded,
    RenderTranscript,
    TranscriptWord,
)
from echoless.crossing.records import Record
from echoless.volatile.engines.documents.render_job import RenderJob
from tests.fakes.other_memory import memory_after
from tests.unit.volatile.speech.test_transcript_segments import SPOKEN, words

pytestmark = pytest.mark.unit

NAMES = ("docx", "html", "pdf", "segmented_json", "srt", "txt", "vtt")
SHOWN = DocumentFormat("", True, True, None, None, None, None)
WIDE = words(*(("supercalifragilistic" * 3, float(at), at + 0.5, 0) for at in range(2_000)))


class Outlet:
    audio_bytes = 0

    def __init__(self) -> None:
        self.sent: list[Record] = []

    def post(self, record: Record) -> None:
        self.sent.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        raise AssertionError("files are no audio")

    def check(self) -> None:
        pass


@pytest.fixture(scope="module")
def job() -> RenderJob:
    return RenderJob()


def render(job: RenderJob, spoken: list[TranscriptWord], *names: str) -> list[bytes]:
    formats = [msgspec.structs.replace(SHOWN, name=name) for name in names]
    outlet = Outlet()
    ending = job.run(RenderTranscript(spoken, "eng", formats), None, outlet)  # type: ignore[arg-type]  # no input
    assert ending == DocumentsEnded("")
    files = [bytearray() for _ in names]
    for part in outlet.sent:
        assert isinstance(part, DocumentPart)
        assert len(part.data) <= 256 * 1024
        files[part.index] += part.data
    return [bytes(file) for file in files]


def test_every_format_is_written_in_its_place(job: RenderJob) -> None:
    files = dict(zip(NAMES, render(job, SPOKEN, *NAMES), strict=True))
    assert files["docx"].startswith(b"PK")
    assert files["pdf"].startswith(b"%PDF-")
    for name in ("html", "segmented_json", "srt", "txt", "vtt"):
        assert b"one two" in files[name]
    assert render(job, SPOKEN, *NAMES)[2] == files["pdf"]


def test_an_office_file_holds_the_segments(job: RenderJob) -> None:
    (data,) = render(job, words(("<a>&\x00b", 0.0, 1.0, 0), ("two", 61.0, 62.0, 1)), "docx")
    file = docx.Document(io.BytesIO(data))
    assert [paragraph.text for paragraph in file.paragraphs] == [
        "00:00:00.000 speaker_0  <a>& b",
        "00:01:01.000 speaker_1  two",
    ]
    assert (file.core_properties.author, file.core_properties.language) == ("", "eng")


def test_a_pdf_file_has_as_many_pages_as_it_needs(job: RenderJob) -> None:
    (data,) = render(job, WIDE, "pdf")
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") > 10
    assert b"/Subtype /TrueType" in data


@pytest.mark.parametrize("text", ["Grüße", "Καλημέρα", "Привет", "Ça va? “Oui”, 5 €"])
def test_a_pdf_file_writes_european_scripts(job: RenderJob, text: str) -> None:
    (data,) = render(job, words((text, 0.0, 1.0, 0)), "pdf")
    assert data.startswith(b"%PDF-")


@pytest.mark.parametrize("text", ["你好", "こんにちは", "سلام", "שלום", "สวัสดี"])
def test_a_script_that_a_pdf_file_cannot_show_is_refused_and_others_show_it(job: RenderJob, text: str) -> None:
    with pytest.raises(EcholessError) as caught:
        render(job, words((text, 0.0, 1.0, 0)), "pdf")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    (page,) = render(job, words((text, 0.0, 1.0, 0)), "html")
    assert text in page.decode()


def test_an_unknown_format_is_refused(job: RenderJob) -> None:
    with pytest.raises(EcholessError) as caught:
        render(job, SPOKEN, "odt")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "additional_formats")
    assert job.failure(caught.value.code, 0, 0) == DocumentsEnded("invalid_parameters")
    assert not job.wants_retirement


def test_an_empty_transcript_is_a_file_too(job: RenderJob) -> None:
    assert all(isinstance(data, bytes) for data in render(job, [], *NAMES))


_CHILD = """
import msgspec
from echoless.volatile.engines.documents.render_job import RenderJob
from echoless.crossing.media_records import RenderTranscript
from echoless.confinement.stack import StackWiper
job = RenderJob()
kept = []
class Outlet:
    def post(self, record):
        if MODE == "keeps":
            kept.append(record)
    def check(self):
        pass
def run(data):
    next(map(lambda d: job.run(msgspec.msgpack.decode(d, type=RenderTranscript), None, Outlet()), (data,)))
    StackWiper().wipe()
"""


@pytest.mark.parametrize("mode", ["forgets", "keeps"])
def test_nothing_of_a_transcript_is_left_in_memory(mode: str) -> None:
    """The control that keeps shows that the search would find it."""
    marks = [f"Quixotic{number:03}zephyr" for number in range(200)]
    spoken = words(*((mark, float(at), at + 0.5, at % 3) for at, mark in enumerate(marks)))
    formats = [msgspec.structs.replace(SHOWN, name=name) for name in NAMES]
    memory = memory_after(_CHILD, msgspec.msgpack.encode(RenderTranscript(spoken, "eng", formats)), mode)
    left = sum(
        mark.encode(encoding) in memory for mark in marks for encoding in ("utf-8", "utf-16-le", "utf-32-le")
    )
    assert (left == 0) is (mode == "forgets"), left
