"""Where jobs with recordings wait: the queues of media processes, as a gateway sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from echoless.core.errors import EcholessError
from echoless.core.ids import TicketId
from echoless.crossing.link import Exchange, Link
from echoless.crossing.media_records import Convert, RenderTranscript, Transcribe, WordsToRender
from echoless.crossing.records import Record
from echoless.crossing.wire import Frame

MediaOrder = Convert | Transcribe | RenderTranscript
_WORDS_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """A job's place in the queue of one process."""

    place: MediaPlace
    exchange: Exchange

    def post(self, record: Record) -> None:
        """Send a record, where there is still somebody to send it to."""
        if not self.place.link.is_closed:
            self.exchange.post(record)

    def decoded(self, frame: Frame) -> Record | None:
        """Return a frame as a record, None for nonsense."""
        try:
            return self.place.link.registry.decode(frame)
        except EcholessError:
            return None

    def leave(self) -> None:
        """Forget late answers, and count the job as ended."""
        self.exchange.__exit__(None, None, None)
        self.place.job_ended()


class MediaPlace:
    """One media process as this gateway sees it."""

    __slots__ = ("_is_retiring", "job_count", "link", "name")

    def __init__(self, link: Link, name: str) -> None:
        self.link = link
        self.name = name
        self.job_count = 0
        self._is_retiring = False

    def queue(self, ticket: TicketId, order: MediaOrder) -> Turn:
        """Put a job into the process's queue."""
        exchange = self.link.exchange(ticket)
        for record in _records_of(order):
            exchange.post(record)
        self.job_count += 1
        return Turn(self, exchange)

    def job_ended(self) -> None:
        """Count a job that ended; the last one of a process that retires closes its link."""
        self.job_count -= 1
        self._close_when_done()

    def retire(self) -> None:
        """Take no new jobs; the process ends once all its links are closed."""
        self._is_retiring = True
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._is_retiring and self.job_count == 0:
            self.link.close()


def _records_of(order: MediaOrder) -> Iterator[Record]:
    """Yield the records of an order: a transcript may be too long for one."""
    if not isinstance(order, RenderTranscript):
        yield order
        return
    first = size = 0
    for index, word in enumerate(order.words):
        # At most four bytes a letter and nine a number; the rest of a word takes less than this.
        weight = 64 + 4 * len(word.text) + 18 * len(word.character_start_s)
        if size + weight > _WORDS_BYTES and index > first:
            yield WordsToRender(order.words[first:index])
            first, size = index, 0
        size += weight
    yield replace(order, words=order.words[first:])
