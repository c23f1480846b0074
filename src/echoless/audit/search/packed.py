"""Opens what was compressed: streams of gzip, zlib, bzip2 and xz, wherever they begin in some bytes.

Only the beginning of each is opened, so that a small stream cannot fill the memory of whoever searches.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Final

PLAIN_BYTES_MAX: Final = 256 * 1024
_PACKED_BYTES_MAX: Final = 256 * 1024
_TRIED_BYTES: Final = 128


def _inflated(data: bytes) -> bytes:
    # 32: the head says whether it is gzip's or zlib's.
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, PLAIN_BYTES_MAX)


def _of_bzip2(data: bytes) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, PLAIN_BYTES_MAX)


def _of_xz(data: bytes) -> bytes:
    return lzma.LZMADecompressor().decompress(data, PLAIN_BYTES_MAX)


# source: RFC 1952, RFC 1950 (the four usual levels), bzip2's and xz's own descriptions
_HEADS: Final[tuple[tuple[bytes, Callable[[bytes], bytes]], ...]] = (
    (b"\x1f\x8b\x08", _inflated),
    (b"\x78\x01", _inflated),
    (b"\x78\x5e", _inflated),
    (b"\x78\x9c", _inflated),
    (b"\x78\xda", _inflated),
    (b"BZh", _of_bzip2),
    (b"\xfd7zXZ\x00", _of_xz),
)


def unpacked(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where each stream begins and what it holds; what only looks like one is passed over."""
    for head, unpack in _HEADS:
        place = data.find(head)
        while place >= 0:
            try:
                # Noise that begins like a stream ends early, and is not copied at length.
                unpack(data[place : place + _TRIED_BYTES])
                plain = unpack(data[place : place + _PACKED_BYTES_MAX])
            except (zlib.error, lzma.LZMAError, OSError):
                plain = b""
            if plain:
                yield place, plain
            place = data.find(head, place + 1)
