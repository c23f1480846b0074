"""The sizes of this process, as the kernel counts them."""

from __future__ import annotations

import os

import pytest

from echoless.confinement.own_memory import OwnMemory

pytestmark = pytest.mark.unit

GROWTH_BYTES = 64 * 2**20


def test_memory_that_is_touched_is_counted() -> None:
    memory = OwnMemory()
    resident_bytes, data_bytes = memory.resident_bytes, memory.data_bytes
    kept = bytearray(os.urandom(1) * GROWTH_BYTES)
    assert GROWTH_BYTES <= memory.resident_bytes - resident_bytes < 2 * GROWTH_BYTES
    assert GROWTH_BYTES <= memory.data_bytes - data_bytes < 2 * GROWTH_BYTES
    assert len(kept) == GROWTH_BYTES
    memory.close()
