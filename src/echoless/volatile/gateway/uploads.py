"""A recording on its way in: one large file in a form, read as it comes and handed on in pieces.

In memory are at any time a few pieces, not the upload. Fields may stand before and after the file. What a client
says after its file comes too late for a job that has begun, so where hardly anything was said before, the file is
held up to a bound until the form has been read to its end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection
from types import TracebackType
from typing import Final, Self

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.forms import FileBegan, Form, FormBounds, FormReader
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.routing import Route

AHEAD_BYTES: Final = 256 * 1024
"""How much is read before somebody takes it."""
_PIECE_BYTES_MAX: Final = 256 * 1024
# What a form has besides its file: fields, boundaries, the headers of its parts.
_BESIDE_BYTES_MAX: Final = 1024 * 1024
_PARTS_MAX: Final = 1200


def body_bytes_max(route: Route, settings: GatewayConfig) -> int:
    """Return the largest body that a route takes."""
    if not route.upload_bytes_max:
        return settings.body_bytes_max
    return min(route.upload_bytes_max, settings.upload_bytes_max) + _BESIDE_BYTES_MAX


# A container says in these what it is.
_SHOWN_BYTES: Final = 96


class Upload:
    """A form with one file. A context manager: leaving it lets go of what is held.

    file_name:      of the field that the file is in
    file_bytes_max: the largest file that its product takes
    lists, texts:   as of a FormReader
    """

    def __init__(
        self,
        call: Call,
        file_name: str,
        file_bytes_max: int,
        *,
        lists: Collection[str] = (),
        texts: Collection[str] = (),
    ) -> None:
        settings = call.settings
        self._name = file_name
        self._file_bytes_max = min(file_bytes_max, settings.upload_bytes_max)
        bounds = FormBounds(self._file_bytes_max + _BESIDE_BYTES_MAX, _PARTS_MAX, settings.upload_idle_timeout_s)
        self._reader = FormReader(call, bounds, {file_name}, lists, texts)
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._file_bytes = self._file_count = 0
        self._moved = asyncio.Event()
        self._is_unbounded = False
        self._of_all = call.services.held
        self._traces = call.traces
        self._traces.note("form", self._reader.form)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._count(-self._held_bytes)
        self._pieces.clear()

    @property
    def form(self) -> Form:
        """What has been read of the fields."""
        return self._reader.form

    @property
    def is_whole(self) -> bool:
        """Whether the form has been read to its end; pieces of the file may still be held."""
        return self._reader.is_whole

    @property
    def has_file(self) -> bool:
        """Whether the file has come, or has begun to."""
        return self._name in self.form.file_names

    async def begin(self) -> None:
        """Read the fields before the file; to the end where there is no file.

        raises: as FormReader.next
        """
        while not self.has_file and not self.is_whole:
            await self._advance()

    async def hold(self, bytes_max: int) -> None:
        """Read on to the form's end, or until so many bytes are held of all files on their way together.

        raises: as FormReader.next
        """
        while not self.is_whole and self._of_all.total <= bytes_max:
            await self._advance()

    async def read(self) -> None:
        """Read to the form's end, a few pieces ahead of whoever takes them.

        raises: as FormReader.next
        """
        while not self.is_whole:
            if self._held_bytes >= AHEAD_BYTES and not self._is_unbounded:
                self._moved.clear()
                await self._moved.wait()
            else:
                await self._advance()

    def read_on(self) -> None:
        """Read without waiting from now on: the answer has begun, and the client may not look at it before it has
        sent everything.
        """
        self._is_unbounded = True
        self._moved.set()

    async def next_piece(self) -> AudioContent | None:
        """Return the next bytes of the file; None once the form has been read to its end."""
        while not self._pieces:
            if self.is_whole:
                return None
            self._moved.clear()
            await self._moved.wait()
        piece = self._pieces.popleft()
        self._count(-len(piece))
        self._moved.set()
        return AudioContent(piece)

    async def _advance(self) -> None:
        """Take the next event of the form."""
        event = await self._reader.next()
        if isinstance(event, bytes):
            self._take(event)
        elif isinstance(event, FileBegan):
            self._file_count += 1
            if self._file_count > 1:
                raise UnprocessableError([FieldError(("body", self._name), "One file at a time.", "too_long")])
        self._moved.set()

    def _count(self, change: int) -> None:
        self._held_bytes += change
        self._of_all.total += change

    def _take(self, data: bytes) -> None:
        if not self._file_bytes:
            self._traces.note("file_begins", data[:_SHOWN_BYTES])
        self._file_bytes += len(data)
        self._traces.note("file_bytes", self._file_bytes)
        if self._file_bytes > self._file_bytes_max:
            message = f"The file is larger than {self._file_bytes_max} bytes."
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, message, param=self._name)
        self._count(len(data))
        for start in range(0, len(data), _PIECE_BYTES_MAX):
            # A slice of all is no copy.
            self._pieces.append(data[start : start + _PIECE_BYTES_MAX])


def said_before_file(form: Form, required: Collection[str]) -> bool:
    """Whether a client says what it wants before its file: more than what every request must say.

    Some clients send what is required, then the file, then the rest.
    """
    return bool(form.field_names - set(required))
