"""A transcript as an Office file, read back."""

from __future__ import annotations

import io

import docx
import pytest

from echoless.crossing.media_records import DocumentFormat
from echoless.volatile.engines.documents.docx_file import office
from echoless.volatile.speech.transcript_segments import segments
from tests.unit.volatile.speech.test_transcript_segments import SPOKEN

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("shows", "paragraphs"),
    [
        (True, ["00:00:00.000 speaker_0  one two", "00:00:03.000 speaker_1  three four"]),
        (False, ["one two three four"]),
    ],
)
def test_paragraphs_show_what_is_wanted(shows: bool, paragraphs: list[str]) -> None:
    document = DocumentFormat("docx", shows, shows, None, None, None, None)
    file = docx.Document(io.BytesIO(office(segments(SPOKEN, document), document, "eng")))
    assert [paragraph.text for paragraph in file.paragraphs] == paragraphs
    assert file.core_properties.language == "eng"
