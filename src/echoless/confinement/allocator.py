"""The allocator profile: memory is overwritten as it is freed, and a self-test that sees it happen.

Every process of ours starts with this environment. CPython then takes all memory from the C library, which fills
each block as it comes back. The C library leaves out the last eight bytes of a small block, where all of a text of
up to seven letters lies; so CPython's debug hooks, which fill whole objects and keep a margin behind them, stand in
front of it. The profile is set before exec or not at all: it cannot be changed later.
source: malloc tunables in the glibc manual, PYTHONMALLOC in the CPython manual
"""

from __future__ import annotations

import ctypes
import errno
import gc
import os
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

FREED_BYTE: Final = 165
ALLOCATOR_ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "PYTHONMALLOC": "malloc_debug",
        "GLIBC_TUNABLES": f"glibc.malloc.perturb={FREED_BYTE}:glibc.malloc.tcache_count=0",
    }
)
# Inside CPython's own small-block allocator (up to 512 bytes) and above it; below glibc's mmap threshold,
# where a freed block leaves the process altogether.
_SIZES_BYTES: Final = (64, 200, 480, 1_000, 8_000, 30_000)
_COPIES: Final = 8
# Links of the free list lie in the first 32 bytes of a freed block, and merging neighbours adds headers.
_LINKS_BYTES: Final = 32
# The end of a small block that the C library does not fill; too little for a window of anything.
_BLOCK_TAIL_BYTES: Final = 8
# Eight bytes that no program writes by chance, so that one occurrence is proof enough.
_MARK: Final = bytes((0x5B, 0xC3, 0x9E, 0x17, 0xE2, 0x8D, 0x31, 0xF6))


class AllocatorState(StrEnum):
    """What the self-test saw."""

    OVERWRITES = "overwrites"
    KEEPS = "keeps"
    NOT_GLIBC = "not_glibc"


def observe_allocator() -> AllocatorState:
    """Free marked objects and marked blocks of several sizes and read where they were.

    returns: OVERWRITES only where no mark is left of any size
    """
    if libc_version() is None:
        return AllocatorState.NOT_GLIBC
    left = sum(marks_left(size) + block_marks_left(size) for size in _SIZES_BYTES)
    return AllocatorState.KEEPS if left else AllocatorState.OVERWRITES


def libc_version() -> str | None:
    """Return for example `glibc 2.36`, or None on musl and elsewhere."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        return None


def marks_left(size_bytes: int) -> int:
    """Return how many marks of eight bytes can be read after objects of a size were freed.

    The freed memory goes through a pipe by write(2): an address that has left the process answers EFAULT
    instead of ending it, and no new object of that size takes the block before it is read.
    """
    write = ctypes.CDLL(None, use_errno=True).write
    write.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    write.restype = ctypes.c_ssize_t
    reader, writer = os.pipe()
    try:
        blocks = [_MARK * (size_bytes // len(_MARK)) for _ in range(_COPIES)]
        # A neighbour that lives on keeps each block from melting into the free top of the heap.
        neighbours = [bytearray(size_bytes) for _ in range(_COPIES)]
        header = bytes.__basicsize__ - 1
        addresses = [id(block) + header for block in blocks]
        gc.collect()
        del blocks
        # The first one is given up to the calls' own small objects.
        found = sum(_marks_at(write, reader, writer, address, size_bytes) for address in addresses[1:])
        del neighbours
        return found
    finally:
        os.close(reader)
        os.close(writer)


def block_marks_left(size_bytes: int) -> int:
    """Return how many marks can be read after blocks of the C library were freed, as C extensions use them."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    libc.free.argtypes, libc.free.restype = (ctypes.c_void_p,), None
    libc.write.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)
    libc.write.restype = ctypes.c_ssize_t
    reader, writer = os.pipe()
    try:
        blocks = [libc.malloc(size_bytes) for _ in range(2 * _COPIES)]
        for block in blocks:
            ctypes.memmove(block, _MARK * (size_bytes // len(_MARK)), size_bytes // len(_MARK) * len(_MARK))
        # Every other one stays for now, so that none melts into the free top of the heap.
        for block in blocks[::2]:
            libc.free(block)
        readable_bytes = size_bytes - _BLOCK_TAIL_BYTES
        found = sum(_marks_at(libc.write, reader, writer, block, readable_bytes) for block in blocks[2::2])
        for block in blocks[1::2]:
            libc.free(block)
        return found
    finally:
        os.close(reader)
        os.close(writer)


def _marks_at(write: ctypes._NamedFuncPointer, reader: int, writer: int, address: int, size_bytes: int) -> int:
    skipped = min(_LINKS_BYTES, size_bytes // 2)
    wanted = size_bytes - skipped
    written = write(writer, address + skipped, wanted)
    if written == -1:
        assert ctypes.get_errno() == errno.EFAULT, "a pipe of ours took no bytes"
        return 0
    return os.read(reader, written).count(_MARK)
