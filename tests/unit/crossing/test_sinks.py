"""Sinks: the mode as an object."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError
from echoless.crossing.kept_records import KeepInputType
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    CloseStatus,
    CloseTicket,
    KeepText,
    Record,
    TicketClosed,
    TicketGranted,
)
from echoless.crossing.sinks import RetainingSink, ZeroSink, sink_for
from echoless.retention.decision import Level, RetentionMode
from echoless.retention.endpoints import Product

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CLOSE = CloseTicket(
    status=CloseStatus.DONE, http_status=200, error_code="", audio_ms=1, audio_bytes=2, duration_ms=3
)
TEXT = KeepText(text="words", settings={})


class FakeTicket:
    """Remembers what was sent under it."""

    def __init__(self, mode: RetentionMode, *, is_kept: bool = True) -> None:
        self.grant = TicketGranted(
            ticket_id=bytes(16), request_id="r", mode=mode, level=Level.NOBODY, product=Product.TEXT_TO_SPEECH,
            workspace_id="ws", history_item_id="", voice=None, current_concurrent=1, maximum_concurrent=1,
        )  # fmt: skip
        self.sent: list[object] = []
        self._is_kept = is_kept

    async def ask(self, record: Record) -> Record:
        self.sent.append(record)
        return TicketClosed(is_kept=self._is_kept)

    def post(self, record: Record) -> None:
        self.sent.append(record)

    def post_content(self, kind: int, content: AudioContent) -> None:
        self.sent.append((kind, content.reveal()))

    async def drain(self) -> None:
        self.sent.append("drained")


@pytest.mark.claim("Z2")
async def test_zero_sink_has_no_way_to_take_content() -> None:
    sink = sink_for(FakeTicket(RetentionMode.ZERO))
    assert isinstance(sink, ZeroSink)
    assert {name for name in dir(sink) if not name.startswith("_")} == {"seal", "close"}
    with pytest.raises(AttributeError):
        sink.keep_text(TEXT)  # type: ignore[attr-defined]  # that it does not exist is the point


async def test_zero_sink_tells_counts_after_the_response_only() -> None:
    ticket = FakeTicket(RetentionMode.ZERO)
    sink = sink_for(ticket)
    assert await sink.seal(CLOSE) is False
    assert not ticket.sent
    sink.close(CLOSE)
    assert ticket.sent == [CLOSE]


async def test_retaining_sink_sends_content_as_it_comes_and_waits_for_the_commit() -> None:
    ticket = FakeTicket(RetentionMode.DEFAULT)
    sink = sink_for(ticket)
    assert isinstance(sink, RetainingSink)
    sink.keep_text(TEXT)
    await sink.keep_audio(AudioContent(b"sound"))
    assert await sink.seal(CLOSE) is True
    assert ticket.sent == [TEXT, (KIND_KEEP_AUDIO, b"sound"), "drained", CLOSE]


async def test_an_upload_is_kept_beside_what_was_made_of_it() -> None:
    ticket = FakeTicket(RetentionMode.DEFAULT)
    sink = sink_for(ticket)
    assert isinstance(sink, RetainingSink)
    await sink.keep_input_audio(AudioContent(b"upload"))
    sink.keep_input_type("audio/mpeg")
    assert ticket.sent == [(KIND_KEEP_INPUT_AUDIO, b"upload"), "drained", KeepInputType("audio/mpeg")]


async def test_a_transcript_is_sent_whole_in_pieces_without_waiting() -> None:
    """A wait between two pieces would be a place where a client who leaves cuts the text in two."""
    ticket = FakeTicket(RetentionMode.DEFAULT)
    sink = sink_for(ticket)
    assert isinstance(sink, RetainingSink)
    text = "grüße " * 100_000
    sink.keep_transcript(TextContent(text))
    pieces = [sent for sent in ticket.sent if isinstance(sent, tuple)]
    assert len(pieces) == len(ticket.sent) > 1
    assert {kind for kind, _ in pieces} == {KIND_KEEP_TRANSCRIPT}
    assert b"".join(piece for _, piece in pieces).decode() == text


@pytest.mark.claim("Z11")
async def test_what_was_not_kept_cannot_be_sealed() -> None:
    sink = sink_for(FakeTicket(RetentionMode.DEFAULT, is_kept=False))
    with pytest.raises(EcholessError):
        await sink.seal(CLOSE)
