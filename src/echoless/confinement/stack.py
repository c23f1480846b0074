"""Overwrites what earlier calls left on this thread's C stack, below the present frame.

C libraries keep text and samples in local arrays; after they return, those bytes stay until deeper calls happen to
cover them. The allocator profile cannot reach them.
"""

from __future__ import annotations

import ctypes
import platform
from typing import Final

WIPED_BYTES: Final = 256 * 1024
# The red zone of the x86-64 ABI is 128 bytes; the called function itself needs a return address.
_MARGIN_BYTES: Final = 256
_CONTEXT_BYTES: Final = 8192
# Where `ucontext_t` holds the stack pointer. source: glibc's sys/ucontext.h of each processor
_POINTER_OFFSETS: Final = {"x86_64": 160, "aarch64": 432}


class StackWiper:
    """Wipes the stack below whoever calls `wipe`.

    It reaches only what was left by deeper frames: run what shall be wiped at least one C frame deeper.
    """

    def __init__(self) -> None:
        self._libc = ctypes.PyDLL(None)
        self._libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
        self._context = ctypes.create_string_buffer(_CONTEXT_BYTES)
        self._offset = _POINTER_OFFSETS.get(platform.machine())

    @property
    def is_able(self) -> bool:
        """Whether the stack pointer can be found on this processor."""
        return self._offset is not None

    def wipe(self) -> None:
        """Overwrite WIPED_BYTES below the present frame."""
        if self._offset is None:
            return
        self._libc.getcontext(self._context)
        pointer = ctypes.c_uint64.from_buffer(self._context, self._offset).value
        self._libc.memset(pointer - _MARGIN_BYTES - WIPED_BYTES, 0, WIPED_BYTES)
