"""(4) From a recording into a job, and into the sink as it passes; then watching for the client's leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, where
from echoless.crossing.client import ClientLeftError
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.ports import InputPort
from echoless.volatile.gateway.watching import until_left


class Recording(Protocol):
    """Whatever a recording comes from."""

    async def read(self) -> None:
        """Read the request to its end, a little ahead of whoever takes the pieces."""
        ...

    async def next_piece(self) -> AudioContent | None:
        """Return the next bytes; None once the request has been read to its end."""
        ...


@asynccontextmanager
async def fed(
    call: Call,
    recording: Recording,
    job: InputPort,
    sink: ZeroSink | RetainingSink,
    on_whole: Callable[[], Awaitable[None]],
) -> AsyncIterator[None]:
    """Feed a job while the block runs. Whatever goes wrong is raised by the job to whoever waits for its parts.

    on_whole: awaited once the request has been read to its end, before the job hears of the end
    """
    loop = asyncio.get_running_loop()
    tasks = {
        loop.create_task(_guarded(call, job, _read(call, recording, job))),
        loop.create_task(_guarded(call, job, _feed(recording, job, sink, on_whole))),
    }
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _guarded(call: Call, job: InputPort, step: Awaitable[None]) -> None:
    """Run one side; its error becomes the job's."""
    try:
        await step
    except EcholessError as error:
        job.abandon(error)
    except Exception as error:  # as in admission: its text must not travel on
        call.services.journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
        job.abandon(EcholessError(ErrorCode.INTERNAL_ERROR, "unexpected"))


async def _read(call: Call, recording: Recording, job: InputPort) -> None:
    await recording.read()
    await until_left(call, lambda: job.abandon(ClientLeftError()))


async def _feed(
    recording: Recording,
    job: InputPort,
    sink: ZeroSink | RetainingSink,
    on_whole: Callable[[], Awaitable[None]],
) -> None:
    while (piece := await recording.next_piece()) is not None:
        if isinstance(sink, RetainingSink):
            await sink.keep_input_audio(piece)
        await job.send_input(piece)
    await on_whole()
    await job.end_input()
