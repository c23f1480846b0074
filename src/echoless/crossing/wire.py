"""Framing of the crossing: a fixed header, then a payload of stated length. No I/O.

The header alone says which ticket a frame belongs to and whether it carries content, so a receiver can refuse
a frame before a byte of its payload is decoded. Readers own their buffer and overwrite what they hand out.

    offset  size  field
    0       2     magic "EL"
    2       1     version, 1
    3       1     flags, bit 0: the payload is content
    4       2     kind, the number of the record
    6       4     correlation: 0, or the number that ties an answer to its question
    10      16    ticket, zeros where there is none
    26      4     payload length in bytes
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId

MAGIC: Final = b"EL"
VERSION: Final = 1
HEADER: Final = struct.Struct(">2sBBHI16sI")
FLAG_CONTENT: Final = 1
PAYLOAD_BYTES_MAX: Final = 1024 * 1024
BUFFER_BYTES: Final = 128 * 1024


@dataclass(frozen=True, slots=True)
class Header:
    """The fixed part of a frame."""

    kind: int
    is_content: bool
    correlation: int
    ticket: TicketId
    payload_bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """A header and its payload, not yet decoded. It prints as a size."""

    header: Header
    payload: bytes

    def __repr__(self) -> str:
        return f"<Frame kind {self.header.kind}, {len(self.payload)} bytes>"


def encode_frame(
    kind: int,
    payload: bytes,
    *,
    is_content: bool = False,
    correlation: int = 0,
    ticket: TicketId = NO_TICKET,
) -> bytes:
    """Return header and payload as one bytes object."""
    assert len(payload) <= PAYLOAD_BYTES_MAX, "a sender of ours made a frame over the limit"
    flags = FLAG_CONTENT if is_content else 0
    return HEADER.pack(MAGIC, VERSION, flags, kind, correlation, ticket, len(payload)) + payload


def decode_header(data: bytes | bytearray | memoryview) -> Header:
    """Read the first 30 bytes of a frame.

    raises: EcholessError(CROSSING_BROKEN) for a foreign magic, another version, unknown flags or a length
            over PAYLOAD_BYTES_MAX: the peer is broken and its link must be closed
    """
    magic, version, flags, kind, correlation, ticket, payload_bytes = HEADER.unpack_from(data)
    if magic != MAGIC or version != VERSION or flags & ~FLAG_CONTENT or payload_bytes > PAYLOAD_BYTES_MAX:
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "a frame with a foreign header")
    return Header(kind, bool(flags & FLAG_CONTENT), correlation, TicketId(ticket), payload_bytes)


class FrameReader:
    """Collects bytes in one buffer of its own and hands out whole frames.

    Fill `writable()`, then iterate over `advance(n)`. Every byte that has been handed out is overwritten in the
    buffer before the next frame is given, and payloads larger than the buffer are gathered in a bytearray
    that is overwritten too.
    """

    def __init__(self, buffer_bytes: int = BUFFER_BYTES) -> None:
        self._buffer = bytearray(buffer_bytes)
        self._view = memoryview(self._buffer)
        self._filled = 0
        self._header: Header | None = None
        self._large: bytearray | None = None
        self._large_filled = 0

    def writable(self) -> memoryview:
        """Return the free part of the buffer; never empty."""
        if self._large is not None:
            return memoryview(self._large)[self._large_filled :]
        return self._view[self._filled :]

    def advance(self, received_bytes: int) -> Iterator[Frame]:
        """Take note of bytes written into `writable()` and yield the frames that are now whole.

        raises: EcholessError(CROSSING_BROKEN) as `decode_header` does
        """
        if self._large is not None:
            self._large_filled += received_bytes
            if self._large_filled == len(self._large):
                yield self._finish_large()
            return
        self._filled += received_bytes
        yield from self._whole_frames()

    def _whole_frames(self) -> Iterator[Frame]:
        start = 0
        try:
            while self._filled - start >= HEADER.size:
                header = decode_header(self._view[start : start + HEADER.size])
                end = start + HEADER.size + header.payload_bytes
                if end > self._filled:
                    if HEADER.size + header.payload_bytes > len(self._buffer):
                        self._begin_large(header, start)
                        start = self._filled
                    break
                payload = bytes(self._view[start + HEADER.size : end])
                self._wipe(start, end)
                start = end
                yield Frame(header, payload)
        finally:
            self._compact(start)

    def _begin_large(self, header: Header, start: int) -> None:
        """Move the beginning of a frame that does not fit into a buffer of its own size."""
        self._header = header
        self._large = bytearray(header.payload_bytes)
        self._large_filled = self._filled - start - HEADER.size
        self._large[: self._large_filled] = self._view[start + HEADER.size : self._filled]

    def _finish_large(self) -> Frame:
        assert self._large is not None
        assert self._header is not None
        frame = Frame(self._header, bytes(self._large))
        self._large[:] = bytes(len(self._large))
        self._large, self._header, self._large_filled = None, None, 0
        return frame

    def _compact(self, start: int) -> None:
        """Move what is left to the front and overwrite the rest of what was filled."""
        left = self._filled - start
        if start:
            if left:
                self._view[:left] = bytes(self._view[start : self._filled])
            self._wipe(left, self._filled)
        self._filled = left

    def _wipe(self, start: int, end: int) -> None:
        self._view[start:end] = bytes(end - start)
