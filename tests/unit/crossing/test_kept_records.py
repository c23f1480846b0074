"""Records of kept recordings and transcripts: what may be said of a recording."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.kept_records import KEPT_RECORDS, KeepInputType
from echoless.crossing.records import RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(media_type: str) -> object:
    data = encode_frame(KeepInputType.KIND, msgspec.msgpack.encode(KeepInputType(media_type)))
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(KEPT_RECORDS).decode(frame)


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/pcm", "video/mp4", "audio/x-wav", "application/ogg"])
def test_a_media_type_arrives(media_type: str) -> None:
    assert arrive(media_type) == KeepInputType(media_type)


@pytest.mark.parametrize("said", ["", "my words", "text/plain", "audio/my words", "audio/", "audio/" + "a" * 60])
def test_what_is_no_media_type_of_a_recording_does_not_arrive(said: str) -> None:
    """C30: no words of a client fit into the one field that is not marked as content."""
    with pytest.raises(EcholessError):
        arrive(said)


def test_nothing_but_raw_frames_carries_content() -> None:
    assert not any(record.IS_CONTENT for record in KEPT_RECORDS)
