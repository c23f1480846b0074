"""A little memory for private keys that nobody else reads: not another process, not a core dump, not the swap.

Where the kernel has memfd_secret its pages leave the kernel's own map of memory: /proc/PID/mem, ptrace and a core
dump find nothing there, whoever asks. Elsewhere pages are locked and left out of core dumps.
source: memfd_secret(2), madvise(2), mlock(2), getrandom(2)
"""

from __future__ import annotations

import ctypes
import os
from enum import StrEnum
from typing import Final

from echoless.confinement.kernel import Kernel
from echoless.core.errors import EcholessError, ErrorCode

SIZE_BYTES: Final = 4096
_CLOSE_ON_EXEC: Final = 0o2000000
_READ_WRITE: Final = 1 | 2
_SHARED: Final = 1
_PRIVATE_ANONYMOUS: Final = 2 | 0x20
_DONT_FORK: Final = 10
_DONT_DUMP: Final = 16
_NO_DESCRIPTOR: Final = -1


class MemoryKind(StrEnum):
    """What keeps others out, the strongest first."""

    SECRET = "memfd_secret"  # noqa: S105  # a name of the kernel's, not a secret
    LOCKED = "locked"
    PLAIN = "plain"


class SecretMemory:
    """One page; prints as what it is, never as what is in it. Open it before a filter closes memfd_secret."""

    def __init__(self, kernel: Kernel, strongest: MemoryKind = MemoryKind.SECRET) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.mmap.restype = ctypes.c_void_p
        self._libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        self._libc.getrandom.restype = ctypes.c_ssize_t
        address = _secret_page(kernel, self._libc) if strongest is MemoryKind.SECRET else None
        self.kind = MemoryKind.SECRET
        if address is None:
            address = _mapped(self._libc, _PRIVATE_ANONYMOUS, _NO_DESCRIPTOR)
            if address is None:
                raise EcholessError(ErrorCode.CONFIGURATION, "there is no memory for a private key")
            is_locked = strongest is not MemoryKind.PLAIN and self._told("mlock", address)
            self.kind = MemoryKind.LOCKED if is_locked else MemoryKind.PLAIN
        for advice in (_DONT_DUMP, _DONT_FORK):
            self._told("madvise", address, advice)
        self._address = address
        self._is_open = True
        self._page = memoryview((ctypes.c_ubyte * SIZE_BYTES).from_address(address)).cast("B")

    def __repr__(self) -> str:
        return f"<SecretMemory {self.kind.value}>"

    def _told(self, name: str, address: int, *arguments: int) -> bool:
        """Tell the kernel something about the page; return whether it took it."""
        told: int = getattr(self._libc, name)(ctypes.c_void_p(address), ctypes.c_size_t(SIZE_BYTES), *arguments)
        return told == 0

    def part(self, start: int, size_bytes: int) -> memoryview:
        """Return some of its bytes to read and to write. Never copy them into an object of Python."""
        assert self._is_open, "the page was given back"
        assert 0 <= start <= start + size_bytes <= SIZE_BYTES, "a page has no more bytes than it has"
        return self._page[start : start + size_bytes]

    def fill_random(self, start: int, size_bytes: int) -> None:
        """Let the kernel write random bytes straight into a part.

        raises: EcholessError(CONFIGURATION) where it has none
        """
        self.part(start, size_bytes)
        place = ctypes.c_void_p(self._address + start)
        if self._libc.getrandom(place, ctypes.c_size_t(size_bytes), 0) != size_bytes:
            raise EcholessError(ErrorCode.CONFIGURATION, "the kernel has no random bytes")

    def close(self) -> None:
        """Overwrite the page and give it back. No part of it may be touched from then on."""
        if self._is_open:
            self.wipe()
            self._is_open = False
            self._told("munmap", self._address)

    def wipe(self, start: int = 0, size_bytes: int = SIZE_BYTES) -> None:
        """Overwrite a part with zeros."""
        self.part(start, size_bytes)[:] = bytes(size_bytes)


def _secret_page(kernel: Kernel, libc: ctypes.CDLL) -> int | None:
    descriptor = kernel.call("memfd_secret", _CLOSE_ON_EXEC).value
    if descriptor < 0:
        return None
    try:
        os.ftruncate(descriptor, SIZE_BYTES)
        return _mapped(libc, _SHARED, descriptor)
    except OSError:
        return None
    finally:
        # The mapping stays; without a descriptor nobody else can map the same page.
        os.close(descriptor)


def _mapped(libc: ctypes.CDLL, flags: int, descriptor: int) -> int | None:
    address = libc.mmap(None, SIZE_BYTES, _READ_WRITE, flags, descriptor, 0)
    return None if address in {None, ctypes.c_void_p(-1).value} else int(address)
