"""The bytes of a recording as a demuxer reads them: as they come, or held as a whole where they must be.

A demuxer that is given no `seek` reads its file from front to end. One kind of file cannot be read so: MP4 whose
index stands behind the samples. It is held in memory, up to a bound.
source: ISO/IEC 14496-12, 4.2 (boxes); ID3v2.4, section 3.1 (header)
"""

from __future__ import annotations

import os
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode

_HELD_PIECE_BYTES: Final = 256 * 1024
_ID3_HEADER_BYTES: Final = 10
_ID3_FOOTER_FLAG: Final = 0x10
_BOX_HEADER_BYTES: Final = 8
_LARGE_BOX_HEADER_BYTES: Final = 16
# Boxes before the index are small; whoever puts more there has the file held.
_PREFIX_BYTES_MAX: Final = 1024 * 1024


class ByteReader(Protocol):
    """Whatever gives bytes in order."""

    def read(self, bytes_max: int) -> bytes:
        """Return the next bytes, at least one; nothing at the end."""
        ...


class Source:
    """Bytes in order, with a look ahead. It has no `seek`, so a demuxer will not try.

    failure: the first error of whoever gives the bytes; a demuxer may take it for the end of the file, so whoever
             reads through one asks here
    """

    def __init__(self, reader: ByteReader) -> None:
        self._reader = reader
        self._ahead = bytearray()
        self.is_ended = False
        self.failure: Exception | None = None

    def read(self, bytes_max: int) -> bytes:
        """Return the next bytes, at least one; nothing at the end."""
        if not self._ahead:
            return self._next(bytes_max)
        data = bytes(self._ahead[:bytes_max])
        self._ahead[: len(data)] = b""
        return data

    def peek(self, count: int) -> bytes:
        """Return the next bytes without taking them, fewer only at the end."""
        while len(self._ahead) < count and (data := self._next(_HELD_PIECE_BYTES)):
            self._ahead += data
        return bytes(self._ahead[:count])

    def skip(self, count: int) -> None:
        """Take bytes and drop them."""
        while count > 0 and (data := self.read(min(count, _HELD_PIECE_BYTES))):
            count -= len(data)

    def _next(self, bytes_max: int) -> bytes:
        try:
            data = self._reader.read(bytes_max)
        except Exception as error:  # raised again here, and by whoever asks for it behind a demuxer
            self.failure = error
            raise
        self.is_ended = self.is_ended or not data
        return data


class HeldFile:
    """A whole recording in memory, for a demuxer that must seek. Overwritten when it is closed."""

    def __init__(self, source: Source, held_bytes_max: int) -> None:
        self._pieces: list[bytearray] = []
        self._size_bytes = 0
        self._at = 0
        while data := source.read(_HELD_PIECE_BYTES):
            if self._size_bytes + len(data) > held_bytes_max:
                self.close()
                raise EcholessError(
                    ErrorCode.FILE_TOO_LARGE,
                    f"a recording of this kind may have {held_bytes_max} bytes: its index stands at its end",
                )
            self._append(data)

    def read(self, bytes_max: int) -> bytes:
        """Return the bytes from the present place on, up to the end of a piece."""
        piece, offset = divmod(self._at, _HELD_PIECE_BYTES)
        if piece >= len(self._pieces):
            return b""
        data = bytes(self._pieces[piece][offset : offset + bytes_max])
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the file, not beyond its end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size_bytes}[whence]
        self._at = min(max(0, base + offset), self._size_bytes)
        return self._at

    def tell(self) -> int:
        """Return the present place."""
        return self._at

    def close(self) -> None:
        """Overwrite and drop everything."""
        for piece in self._pieces:
            piece[:] = bytes(len(piece))
        self._pieces.clear()
        self._size_bytes = 0

    def _append(self, data: bytes) -> None:
        """Fill pieces of one size each, so that a place is found by division and nothing is copied twice."""
        at = 0
        while at < len(data):
            if not self._pieces or len(self._pieces[-1]) == _HELD_PIECE_BYTES:
                self._pieces.append(bytearray())
            last = self._pieces[-1]
            taken = data[at : at + _HELD_PIECE_BYTES - len(last)]
            last += taken
            at += len(taken)
        self._size_bytes += len(data)


def skip_id3(source: Source) -> None:
    """Leave out tags of the ID3 kind: they hold titles and pictures, and stand before several kinds of audio."""
    while (head := source.peek(_ID3_HEADER_BYTES)).startswith(b"ID3") and len(head) == _ID3_HEADER_BYTES:
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        footer_bytes = _ID3_HEADER_BYTES if head[5] & _ID3_FOOTER_FLAG else 0
        source.skip(_ID3_HEADER_BYTES + size + footer_bytes)


def has_index_first(source: Source) -> bool:
    """Say whether an MP4 file can be read as it comes: its index, `moov`, stands before the samples.

    raises: EcholessError(INVALID_AUDIO) for fragments without an index
    """
    at = 0
    while at <= _PREFIX_BYTES_MAX:
        header = source.peek(at + _LARGE_BOX_HEADER_BYTES)[at:]
        if len(header) < _BOX_HEADER_BYTES:
            return True
        size, name = int.from_bytes(header[:4], "big"), header[4:8]
        if name in (b"moov", b"mdat"):
            return name == b"moov"
        if name == b"moof":
            raise EcholessError(ErrorCode.INVALID_AUDIO, "fragments without their index")
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size < _BOX_HEADER_BYTES:
            return True
        at += size
    return False
