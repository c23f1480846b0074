"""Names as the supervisor resolves them: this process has no resolver, and no socket for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from echoless.crossing.egress_control import NameResolved, ResolveName

ANSWER_S_MAX: Final = 15.0
REFRESH_S: Final = 60.0


class AskedNames:
    """Asks for each name anew and remembers none: names that clients bring are content.

    ask: sends a question to the supervisor
    """

    def __init__(self, ask: Callable[[ResolveName], None]) -> None:
        self._ask = ask
        self._waiting: dict[int, asyncio.Future[Sequence[str]]] = {}
        self._last_number = 0

    async def addresses_of(self, host: str) -> Sequence[str]:
        """Return the addresses of a name; none where there are none, or no answer came in time."""
        self._last_number += 1
        number = self._last_number
        self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._ask(ResolveName(number, host))
            async with asyncio.timeout(ANSWER_S_MAX):
                return await self._waiting[number]
        except TimeoutError:
            return ()
        finally:
            del self._waiting[number]

    def answered(self, answer: NameResolved) -> None:
        """Take the supervisor's answer."""
        waiting = self._waiting.get(answer.number)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.addresses)


class DeclaredName:
    """The one name of a declared remote, from the configuration: remembered, and asked for again after a while.

    now_s: a clock that only goes forward
    """

    def __init__(self, names: AskedNames, now_s: Callable[[], float]) -> None:
        self._names = names
        self._now_s = now_s
        self._addresses: Sequence[str] = ()
        self._asked_s = float("-inf")

    async def addresses_of(self, host: str) -> Sequence[str]:
        """Return the addresses of the name; the last known ones where it cannot be resolved just now."""
        if not self._addresses or self._now_s() - self._asked_s >= REFRESH_S:
            self._asked_s = self._now_s()
            self._addresses = await self._names.addresses_of(host) or self._addresses
        return self._addresses
