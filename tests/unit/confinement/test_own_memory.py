"""The sizes of this process, as the kernel counts them."""

from __future__ import annotations

import mmap

import pytest

from echoless.confinement.own_memory import OwnMemory

pytestmark = pytest.mark.unit

GROWTH_BYTES = 64 * 2**20
# The kernel counts what is resident on each processor, and sums it up a little later.
UNCOUNTED = 0.95


def test_memory_that_is_touched_is_counted() -> None:
    memory = OwnMemory()
    resident_bytes, data_bytes = memory.resident_bytes, memory.data_bytes
    # Pages of its own: the allocator would give out what earlier tests have freed and the kernel counts already.
    with mmap.mmap(-1, GROWTH_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as kept:
        kept.write(b"\x01" * GROWTH_BYTES)
        assert UNCOUNTED * GROWTH_BYTES <= memory.resident_bytes - resident_bytes < 2 * GROWTH_BYTES
        assert GROWTH_BYTES <= memory.data_bytes - data_bytes < 2 * GROWTH_BYTES
    memory.close()
