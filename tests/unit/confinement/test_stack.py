"""What a deeper call left on the stack is gone after a wipe from above."""

from __future__ import annotations

import ctypes

import pytest

from echoless.confinement.stack import WIPED_BYTES, StackWiper

pytestmark = pytest.mark.unit

MARK = b"\x5a\xc3" * 2_048


def left_below(wiper: StackWiper) -> int:
    """Count marks in the memory below this frame, read through the wiper's own view of the stack pointer."""
    wiper._libc.getcontext(wiper._context)
    pointer = ctypes.c_uint64.from_buffer(wiper._context, wiper._offset or 0).value
    return ctypes.string_at(pointer - WIPED_BYTES, WIPED_BYTES - 512).count(MARK[:64])


def scribble(wiper: StackWiper) -> None:
    """Leave marks far below, as a C function's local array would."""
    wiper._libc.getcontext(wiper._context)
    pointer = ctypes.c_uint64.from_buffer(wiper._context, wiper._offset or 0).value
    ctypes.memmove(pointer - 64 * 1024, MARK, len(MARK))


def test_marks_below_are_found_before_and_gone_after() -> None:
    wiper = StackWiper()
    assert wiper.is_able
    wiper.wipe()
    scribble(wiper)
    assert left_below(wiper) > 0
    wiper.wipe()
    assert left_below(wiper) == 0
