"""The bytes of a client's recording on their way into a job: one window of them at a time. (4)"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

INPUT_WINDOW_BYTES: Final = 1024 * 1024
# A credit for each quarter of the window: few frames, and the sender never waits for the last byte.
_CREDIT_BYTES_MIN: Final = INPUT_WINDOW_BYTES // 4


class Upload:
    """What has arrived of one recording and has not been read.

    wait:   returns when something may have arrived; raises JobCancelledError when nobody listens any more
    credit: is told how many more bytes the sender may send
    """

    def __init__(
        self, wait: Callable[[], None], credit: Callable[[int], None], *, window_bytes: int = INPUT_WINDOW_BYTES
    ) -> None:
        self._wait = wait
        self._credit = credit
        self._open_bytes = window_bytes
        self._owed_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._offset = 0
        self._is_ended = False

    def add(self, payload: bytes) -> None:
        """Take bytes from the link.

        raises: EcholessError(CROSSING_BROKEN) for more than the window holds, or for bytes after the end
        """
        self._open_bytes -= len(payload)
        if self._open_bytes < 0 or self._is_ended:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "input beyond its window or after its end")
        if payload:
            self._pieces.append(payload)

    def end(self) -> None:
        """Take note that no more comes."""
        self._is_ended = True

    def read(self, bytes_max: int) -> bytes:
        """Return the next bytes, at least one, waiting for them; nothing at the end.

        raises: JobCancelledError
        """
        while not self._pieces:
            if self._is_ended:
                return b""
            self._wait()
        first = self._pieces[0]
        data = first[self._offset : self._offset + bytes_max]
        self._offset += len(data)
        if self._offset == len(first):
            self._pieces.popleft()
            self._offset = 0
        self._take(len(data))
        return data

    def close(self) -> None:
        """Drop what has not been read."""
        self._pieces.clear()

    def _take(self, count: int) -> None:
        self._owed_bytes += count
        if self._owed_bytes >= _CREDIT_BYTES_MIN or not self._pieces:
            self._open_bytes += self._owed_bytes
            self._credit(self._owed_bytes)
            self._owed_bytes = 0
