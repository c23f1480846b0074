"""Records of live recognition: what is content, and what bounds hold on arrival."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.live_records import (
    LIVE_KEYTERMS_MAX,
    LIVE_RECORDS,
    Commit,
    CommitRefused,
    CommittedText,
    Listen,
    ListeningEnded,
    PartialText,
)
from echoless.crossing.records import RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(data: bytes) -> object:
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(LIVE_RECORDS).decode(frame)


def test_what_was_said_is_content_and_what_steers_is_not() -> None:
    """C30: terms and transcripts are content; commits and ends are not."""
    assert Listen.IS_CONTENT
    assert PartialText.IS_CONTENT
    assert CommittedText.IS_CONTENT
    assert not any(record.IS_CONTENT for record in (Commit, CommitRefused, ListeningEnded))


def test_more_terms_than_a_session_may_have_do_not_arrive() -> None:
    def listen(count: int) -> Listen:
        return Listen("", "en", "pcm_16000", False, 1.5, 0.4, 100, 100, False, ["term"] * count)

    good, bad = listen(LIVE_KEYTERMS_MAX), listen(LIVE_KEYTERMS_MAX + 1)
    assert arrive(encode_frame(good.KIND, msgspec.msgpack.encode(good), is_content=True)) == good
    with pytest.raises(EcholessError):
        arrive(encode_frame(bad.KIND, msgspec.msgpack.encode(bad), is_content=True))
