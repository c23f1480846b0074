"""Records of jobs that are given audio: what is content, and what bounds hold on arrival."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.media_records import (
    FORMATS_MAX,
    MEDIA_RECORDS,
    DocumentFormat,
    DocumentPart,
    EndInput,
    InputCredit,
    JobStarted,
    RenderTranscript,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
)
from echoless.crossing.records import RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(data: bytes) -> object:
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(MEDIA_RECORDS).decode(frame)


def test_what_was_said_is_content_and_what_steers_is_not() -> None:
    """C30: terms, transcripts and files are content; starts, credits, speakers' numbers and ends are not."""
    assert all(record.IS_CONTENT for record in (Transcribe, RenderTranscript, TranscriptPart, DocumentPart))
    assert not any(
        record.IS_CONTENT for record in (EndInput, JobStarted, InputCredit, SpeakerNames, TranscriptEnded)
    )


def test_more_files_than_may_be_asked_for_do_not_arrive() -> None:
    one = DocumentFormat("txt", True, True, None, None, None, None)
    good = RenderTranscript([], "en", [one] * FORMATS_MAX)
    assert arrive(encode_frame(good.KIND, msgspec.msgpack.encode(good), is_content=True)) == good
    bad = RenderTranscript([], "en", [one] * (FORMATS_MAX + 1))
    with pytest.raises(EcholessError):
        arrive(encode_frame(bad.KIND, msgspec.msgpack.encode(bad), is_content=True))
