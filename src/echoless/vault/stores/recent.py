"""Kept requests of the last two hours, which later ones may name to be continued. Ids only, in memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from echoless.core.clock import Clock

LIFE_MS: Final = 2 * 3600 * 1000
_COUNT_MAX: Final = 200_000


class RecentRequests:
    """Remembers which requests were kept and read to their end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: OrderedDict[str, tuple[str, str, int]] = OrderedDict()

    def add(self, request_id: str, workspace_id: str, item_id: str, ended_ms: int) -> None:
        """Remember one request."""
        self._found[request_id] = (workspace_id, item_id, ended_ms)
        while len(self._found) > _COUNT_MAX:
            self._found.popitem(last=False)

    def is_known(self, request_id: str, workspace_id: str) -> bool:
        """Whether a request may be continued; one of another workspace is as unknown as a random id."""
        found = self._found.get(request_id)
        if found is None or found[0] != workspace_id:
            return False
        return self._clock.unix_ms() - found[2] <= LIFE_MS

    def forget_items(self, item_ids: frozenset[str]) -> None:
        """Forget the requests of deleted items."""
        for request_id in [name for name, found in self._found.items() if found[1] in item_ids]:
            del self._found[request_id]

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget the requests of a deleted workspace."""
        for request_id in [name for name, found in self._found.items() if found[0] == workspace_id]:
            del self._found[request_id]

    def forget_old(self) -> None:
        """Forget what nobody may name any more."""
        oldest = self._clock.unix_ms() - LIFE_MS
        for request_id in [name for name, found in self._found.items() if found[2] < oldest]:
            del self._found[request_id]
