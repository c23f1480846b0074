"""(9) What time takes away: rows of the logs of requests and of deliveries, by the age that the operator set.

There is no lower bound to the age that is deleted: a schedule that slept for a year catches up in one run.
"""

from __future__ import annotations

import asyncio
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.vault.stores.erasing import delete_log_before, oldest_request_unix
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage

_DAY_S: Final = 86_400
PAUSE_S: Final = 3600.0


class Schedule:
    """Deletes by age.

    lag_s: by how much the oldest row outlived its time when the schedule last looked; 0 when it did not
    """

    def __init__(
        self, storage: Storage, recent: RecentRequests, clock: Clock, journal: Journal, request_log_days: int
    ) -> None:
        self._storage = storage
        self._recent = recent
        self._clock = clock
        self._journal = journal
        self._request_log_days = request_log_days
        self.lag_s = 0

    async def run_once(self) -> int:
        """Delete what is due; return how many rows."""
        await self._storage.writer.flush()
        due_unix = self._clock.unix_ms() // 1000 - self._request_log_days * _DAY_S
        oldest = await self._storage.writer.run(oldest_request_unix)
        self.lag_s = max(0, due_unix - oldest) if oldest is not None else 0
        deleted = await self._storage.writer.run(lambda connections: delete_log_before(connections, due_unix))
        self._recent.forget_old()
        if deleted:
            self._journal.say(Event.SWEPT, request_rows=deleted, lag_s=self.lag_s)
        return deleted

    async def run_for_ever(self) -> None:
        """Delete every hour; a run that fails is journalled and tried again after the next pause."""
        while True:
            try:
                await self.run_once()
            except EcholessError as error:
                self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.erasure.schedule")
            await asyncio.sleep(PAUSE_S)
