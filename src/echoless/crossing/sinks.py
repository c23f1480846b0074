"""(2) Sinks: the retention mode as an object.

A `ZeroSink` has no method that takes content, so a flow that wants to keep some of a zero-retention request does
not type-check and fails at run time. A `RetainingSink` sends what it is given to the vault as it comes. The sink is
chosen once, from the grant, by `sink_for`; nothing downstream asks for the mode.
"""

from __future__ import annotations

from typing import Final, Protocol, assert_never

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.kept_records import KeepInputType
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.moderation_records import KeepModeration
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    CloseTicket,
    KeepAlignment,
    KeepText,
    Record,
    TicketClosed,
    TicketGranted,
)
from echoless.crossing.socket_records import KeepMoreText
from echoless.retention.decision import RetentionMode

_TRANSCRIPT_FRAME_BYTES: Final = 256 * 1024


class TicketPort(Protocol):
    """An open ticket, as far as sinks need it."""

    @property
    def grant(self) -> TicketGranted:
        """What the vault decided."""
        ...

    async def ask(self, record: Record) -> Record:
        """Send a question under this ticket and return the answer."""
        ...

    def post(self, record: Record) -> None:
        """Send a record under this ticket without waiting."""
        ...

    def post_content(self, kind: int, content: AudioContent) -> None:
        """Send raw content under this ticket without waiting."""
        ...

    async def drain(self) -> None:
        """Wait until the vault has taken most of what was sent."""
        ...


class ZeroSink:
    """Takes counts and codes, never content."""

    __slots__ = ("_ticket",)

    def __init__(self, ticket: TicketPort) -> None:
        self._ticket = ticket

    async def seal(self, close: CloseTicket) -> bool:
        """Do nothing before the end of the response: nobody needs to wait.

        returns: False, the ticket is still to be closed
        """
        return False

    def close(self, close: CloseTicket) -> None:
        """(7) Send counts and codes after the response.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(close)


class RetainingSink:
    """Takes content and sends it to the vault as it comes."""

    __slots__ = ("_ticket",)

    def __init__(self, ticket: TicketPort) -> None:
        self._ticket = ticket

    def keep_text(self, text: KeepText) -> None:
        """Keep what was said.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(text)

    def keep_more_text(self, text: TextContent) -> None:
        """Keep what was said next, after `keep_text`.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(KeepMoreText(text.reveal()))

    async def keep_audio(self, audio: AudioContent) -> None:
        """Keep the next bytes of the audio; waits while the vault is behind.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post_content(KIND_KEEP_AUDIO, audio)
        await self._ticket.drain()

    async def keep_input_audio(self, audio: AudioContent) -> None:
        """Keep the next bytes of what the client uploaded; waits while the vault is behind.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post_content(KIND_KEEP_INPUT_AUDIO, audio)
        await self._ticket.drain()

    def keep_input_type(self, media_type: str) -> None:
        """Keep what the upload turned out to be, once.

        media_type: for example `audio/mpeg`; headerless samples are `audio/pcm`
        raises:     EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(KeepInputType(media_type))

    def keep_transcript(self, transcript: TextContent) -> None:
        """Keep a whole transcript, one JSON text, once. It does not wait, so that nothing can cut it in two.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        data = transcript.reveal().encode()
        for start in range(0, len(data), _TRANSCRIPT_FRAME_BYTES):
            piece = AudioContent(data[start : start + _TRANSCRIPT_FRAME_BYTES])
            self._ticket.post_content(KIND_KEEP_TRANSCRIPT, piece)

    def keep_alignment(self, alignment: KeepAlignment) -> None:
        """Keep the next character times.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(alignment)

    def keep_moderation(self, found: KeepModeration) -> None:
        """Keep what a check found, with excerpts, for the moderation log.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(found)

    async def seal(self, close: CloseTicket) -> bool:
        """(5) Commit the item: only then may the response end.

        returns: True, the ticket is closed
        raises:  EcholessError when the vault is gone, refuses, or did not keep it
        """
        answer = await self._ticket.ask(close)
        if isinstance(answer, TicketClosed) and answer.is_kept:
            return True
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "what had to be kept was not kept")

    def close(self, close: CloseTicket) -> None:
        """(7) Close a request that did not end well, with what has arrived so far.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        self._ticket.post(close)


def sink_for(ticket: TicketPort) -> ZeroSink | RetainingSink:
    """Turn the decision into an object, once."""
    mode = ticket.grant.mode
    if mode is RetentionMode.ZERO:
        return ZeroSink(ticket)
    if mode is RetentionMode.DEFAULT:
        return RetainingSink(ticket)
    assert_never(mode)
