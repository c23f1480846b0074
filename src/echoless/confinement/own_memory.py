"""How much memory this process has, read again and again through a descriptor that was opened before the wall.

source: proc(5), statm
"""

from __future__ import annotations

import os
from typing import Final

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class OwnMemory:
    """The sizes of this process."""

    def __init__(self) -> None:
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def resident_bytes(self) -> int:
        """What is in memory, without pages of files: those come with whoever reads our memory from outside."""
        numbers = self._numbers()
        return (numbers[1] - numbers[2]) * _PAGE_BYTES

    @property
    def data_bytes(self) -> int:
        """Data and stack, in memory or not: what RLIMIT_DATA counts."""
        return self._numbers()[5] * _PAGE_BYTES

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._statm)

    def _numbers(self) -> list[int]:
        return [int(number) for number in os.pread(self._statm, 256, 0).split()]
