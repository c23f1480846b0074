"""Watches for a client's leaving while its response is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from echoless.volatile.gateway.calls import Call


@asynccontextmanager
async def watched(call: Call, on_left: Callable[[], None] | None = None) -> AsyncIterator[None]:
    """Watch while the block runs; the watch ends with the block.

    on_left: called once when the client leaves; after that the call's next write raises ClientLeftError too
    """
    watch = asyncio.get_running_loop().create_task(until_left(call, on_left))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait([watch])


async def until_left(call: Call, on_left: Callable[[], None] | None) -> None:
    """Wait until the client leaves, and say so unless its answer was complete."""
    while (await call.receive())["type"] != "http.disconnect":
        pass
    if call.outcome.is_complete:
        return
    call.outcome.has_client_left = True
    if on_left is not None:
        on_left()
