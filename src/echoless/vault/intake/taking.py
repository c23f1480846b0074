"""(5) Taking content: refused from the frame's header unless its ticket is an open DEFAULT one that makes an item.

The payload of a frame that is refused is never decoded.
"""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.moderation_records import KeepModeration
from echoless.crossing.records import KIND_KEEP_AUDIO, KeepAlignment, KeepText
from echoless.crossing.socket_records import KeepMoreText
from echoless.crossing.wire import Frame
from echoless.vault.intake.keeping import Keeper
from echoless.vault.intake.tickets import CONTENT_KINDS, Ticket, Tickets
from echoless.vault.stores.segments import Part
from echoless.vault.stores.writer import Writer

_PENDING_HIGH_BYTES: Final = 16 * 1024 * 1024
_PENDING_LOW_BYTES: Final = 8 * 1024 * 1024
_PARTS: Final = {
    KIND_KEEP_AUDIO: Part.AUDIO,
    KIND_KEEP_INPUT_AUDIO: Part.INPUT,
    KIND_KEEP_TRANSCRIPT: Part.TRANSCRIPT,
}


class Taker:
    """Takes content of open tickets.

    refused_count: how many frames were refused
    """

    def __init__(self, tickets: Tickets, keeper: Keeper, writer: Writer, journal: Journal) -> None:
        self._tickets = tickets
        self._keeper = keeper
        self._writer = writer
        self._journal = journal
        self._paused: set[Link] = set()
        self.refused_count = 0

    def take(self, link: Link, frame: Frame) -> None:
        """Take one frame of content, or refuse it from its header alone.

        raises: EcholessError(CROSSING_BROKEN) for a frame that lies about carrying content: its link must be cut
        """
        header = frame.header
        if not header.is_content or header.kind not in CONTENT_KINDS:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {header.kind} lies about carrying content")
        ticket = self._tickets.find(link, header.ticket)
        if ticket is None or not ticket.takes(header.kind):
            self.refused_count += 1
            mode = "unknown" if ticket is None else ticket.decision.mode.value
            self._journal.say(Event.CONTENT_REFUSED, kind=header.kind, mode=mode, count=self.refused_count)
            return
        part = _PARTS.get(header.kind)
        if part is not None:
            self._take_bytes(ticket, part, frame.payload)
            return
        record = link.registry.decode(frame)
        if isinstance(record, KeepText):
            self._keeper.keep_text(ticket, record)
        elif isinstance(record, KeepMoreText):
            self._keeper.keep_more_text(ticket, record)
        elif isinstance(record, KeepAlignment):
            self._keeper.keep_alignment(ticket, record)
        elif isinstance(record, KeepModeration):
            self._keeper.keep_moderation(ticket, record)

    def link_closed(self, link: Link) -> None:
        """Forget a gateway that is gone."""
        self._paused.discard(link)

    def _take_bytes(self, ticket: Ticket, part: Part, data: bytes) -> None:
        draft = ticket.draft
        assert draft is not None
        for index, segment in draft.tracks[part].add(data):
            self._writer.put_segment(draft, part, index, segment, self._segment_stored)
        if self._writer.pending_segment_bytes > _PENDING_HIGH_BYTES:
            # The disk is slower than the engines: let the gateways feel it instead of filling memory.
            self._paused.add(ticket.link)
            ticket.link.pause_reading()

    def _segment_stored(self) -> None:
        if self._paused and self._writer.pending_segment_bytes < _PENDING_LOW_BYTES:
            for link in self._paused:
                link.resume_reading()
            self._paused.clear()
