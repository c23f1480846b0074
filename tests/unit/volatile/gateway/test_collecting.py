"""Collection of cycles after responses."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from echoless.volatile.gateway.collecting import CycleCollector

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class _Knot:
    def __init__(self) -> None:
        self.itself = self


async def test_cycle_is_gone_a_quarter_second_after_the_response() -> None:
    """C39: request objects that hold each other go too."""
    collector = CycleCollector(asyncio.get_running_loop())
    gc.disable()
    try:
        gone = weakref.ref(_Knot())
        assert gone() is not None
        for _ in range(50):
            collector.note_response()
        await asyncio.sleep(0.3)
        assert gone() is None
        assert collector.collection_count == 1
    finally:
        gc.enable()
        collector.close()


async def test_closed_collector_collects_no_more() -> None:
    collector = CycleCollector(asyncio.get_running_loop())
    collector.note_response()
    collector.close()
    await asyncio.sleep(0.25)
    assert collector.collection_count == 0


async def test_after_the_last_response_it_says_so_twice_and_the_second_time_late_enough() -> None:
    """T46: the vault counts a word that comes half a second after a close, when its handler has ended."""
    loop = asyncio.get_running_loop()
    told_s: list[float] = []
    collector = CycleCollector(loop, lambda: told_s.append(loop.time()))
    for _ in range(3):
        collector.note_response()
        ended_s = loop.time()
        await asyncio.sleep(0.25)
    await asyncio.sleep(0.7)
    collector.close()
    assert len(told_s) == 4
    assert told_s[-1] - ended_s > 0.5
