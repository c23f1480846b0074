"""What a job sends, in order, within the window that its reader opened. (5)

The first audio goes out at once, what follows in larger frames. Records keep their place between the audio.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from echoless.core.content import AudioContent
from echoless.core.ids import TicketId
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.records import KIND_AUDIO, Record, RecordRegistry
from echoless.crossing.wire import encode_frame

# Frames grow from the first on, so that a listener's buffer never runs dry while many jobs take turns.
FRAME_BYTES_MIN: Final = 2 * 1024
BATCH_BYTES_MIN: Final = 32 * 1024
BATCH_BYTES_MAX: Final = 64 * 1024
# A reader that opens no window would wait for ever.
_WINDOW_BYTES_MIN: Final = 16 * 1024


class Outflow:
    """The outlet of one job.

    window_bytes: audio that may be on its way before the reader has taken any
    keeps_pieces: whether each frame holds whole pieces as they were handed in; one may then exceed the window
    """

    def __init__(
        self,
        link: GatewayLink,
        registry: RecordRegistry,
        *,
        correlation: int,
        ticket: TicketId,
        window_bytes: int,
        keeps_pieces: bool = False,
    ) -> None:
        self._link = link
        self._registry = registry
        self._correlation = correlation
        self._ticket = ticket
        self._open_bytes = max(window_bytes, _WINDOW_BYTES_MIN)
        self._keeps_pieces = keeps_pieces
        self._waiting: deque[AudioContent | Record] = deque()
        self._waiting_bytes = 0
        self._sent_bytes = 0

    @property
    def has_sent_audio(self) -> bool:
        """Whether the first audio has gone."""
        return self._sent_bytes > 0

    @property
    def is_empty(self) -> bool:
        """Whether everything has gone to the link."""
        return not self._waiting

    @property
    def is_full(self) -> bool:
        """Whether the job should rest: a whole batch waits and may not go."""
        return self._waiting_bytes >= BATCH_BYTES_MIN

    def post(self, record: Record) -> None:
        """Send a record in its place."""
        self._waiting.append(record)

    def send_audio(self, audio: AudioContent) -> None:
        """Send audio in its place: the first at once, then in batches."""
        self._waiting.append(audio)
        self._waiting_bytes += len(audio)
        if self._waiting_bytes >= self._frame_bytes:
            self.flush()

    @property
    def _frame_bytes(self) -> int:
        """How much audio makes a frame now."""
        if not self._sent_bytes:
            return 1
        return min(BATCH_BYTES_MIN, max(FRAME_BYTES_MIN, 2 * self._sent_bytes))

    def open_window(self, taken_bytes: int) -> None:
        """Take note that the reader has taken bytes."""
        self._open_bytes += taken_bytes

    def rest(self) -> None:
        """Begin anew with small frames: whoever waited for more text is to hear its first audio at once."""
        self._sent_bytes = 0

    def flush(self) -> None:
        """Send what may go now."""
        while self._waiting and self._link.has_room:
            first = self._waiting[0]
            if isinstance(first, AudioContent):
                if self._open_bytes <= 0:
                    break
                self._send_batch()
            else:
                self._waiting.popleft()
                self._link.queue(self._registry.encode(first, correlation=self._correlation, ticket=self._ticket))
        self._link.flush()

    def drop(self) -> None:
        """Forget what has not gone."""
        self._waiting.clear()
        self._waiting_bytes = 0

    def _send_batch(self) -> None:
        """Send one frame of the audio that waits in front of the next record."""
        room = min(self._open_bytes, BATCH_BYTES_MAX)
        parts: list[bytes] = []
        while room and self._waiting and isinstance(audio := self._waiting[0], AudioContent):
            data = audio.reveal()
            if self._keeps_pieces and parts and len(data) > room:
                break
            self._waiting.popleft()
            if len(data) > room and not self._keeps_pieces:
                self._waiting.appendleft(AudioContent(data[room:]))
                data = data[:room]
            parts.append(data)
            room = max(0, room - len(data))
        payload = b"".join(parts)
        self._open_bytes -= len(payload)
        self._waiting_bytes -= len(payload)
        self._sent_bytes += len(payload)
        self._link.send(
            encode_frame(KIND_AUDIO, payload, is_content=True, correlation=self._correlation, ticket=self._ticket)
        )
