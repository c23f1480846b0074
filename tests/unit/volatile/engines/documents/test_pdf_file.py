"""A transcript as PDF: the same bytes for the same words, and no script that would be boxes."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.engines.documents import pdf_file
from echoless.volatile.engines.documents.pdf_file import PdfWriter
from echoless.volatile.speech.transcript_segments import segments
from tests.unit.volatile.speech.test_transcript_segments import SPOKEN, words

pytestmark = pytest.mark.unit

SHOWN = DocumentFormat("pdf", True, True, None, None, None, None)


@pytest.fixture(scope="module")
def writer() -> PdfWriter:
    return PdfWriter()


def test_equal_transcripts_are_equal_files(writer: PdfWriter) -> None:
    found = segments(SPOKEN, SHOWN)
    first = writer(found, SHOWN, "eng")
    assert first == writer(found, SHOWN, "eng")
    assert first.startswith(b"%PDF-")
    assert first != writer(found[:1], SHOWN, "eng")


def test_a_word_wider_than_a_page_is_broken(writer: PdfWriter) -> None:
    lines = list(pdf_file._broken("w" * 200, 300.0))
    assert "".join(lines) == "w" * 200
    assert all(pdf_file._width(line) <= 300.0 for line in lines)


def test_a_script_it_has_no_letters_for_is_refused(writer: PdfWriter) -> None:
    with pytest.raises(EcholessError) as caught:
        writer(segments(words(("你好", 0.0, 1.0, None)), SHOWN), SHOWN, "zho")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


def test_a_missing_font_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_file, "_FONT_PLACE", "no/such/font.ttf")
    with pytest.raises(EcholessError) as caught:
        PdfWriter()
    assert caught.value.code is ErrorCode.CONFIGURATION
