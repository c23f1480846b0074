"""What takes things away, put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.log_records import DeleteMany, GetDeletionProgress, ReadLog
from echoless.retention.schedule import Kept
from echoless.vault.queries.administration import Administration
from echoless.vault.service.erasing import Erasing
from echoless.vault.stores.log_entries import LogName
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_each_setting_is_the_life_of_its_own_class(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal, tmp_path: Path
) -> None:
    config = config_for(
        tmp_path, history_days=1, request_log_days=2, debug_log_days=3, moderation_log_days=0
    )  # fmt: skip
    change = Administration(storage, clock).change_workspace
    parts = Erasing.of(storage, config, clock, journal, recent=RecentRequests(clock), change=change)
    await parts.load()
    lives = parts.schedule.lives
    assert (lives[Kept.HISTORY], lives[Kept.REQUEST_LOG], lives[Kept.DELIVERIES]) == (1, 2, 2)
    assert (lives[Kept.DEBUG_LOG], lives[Kept.MODERATION_LOG]) == (3, 0)
    assert parts.book.keeps(LogName.DEBUG)
    assert not parts.book.keeps(LogName.MODERATION)
    assert set(parts.acts()) == {ReadLog, DeleteMany, GetDeletionProgress}
    assert parts.jobs.pending_count == len(Kept)
