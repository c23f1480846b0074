"""What the operator asks about backups, answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.backup_records import (
    AskBackup,
    BackupList,
    BackupState,
    BackupView,
    ListBackups,
    RunBackup,
)
from echoless.crossing.records import Record, Refused
from echoless.vault.backups.manifest import BackupNote
from echoless.vault.backups.schedule import NO_BACKUPS, Backups
from echoless.vault.backups.taking import Advance

_OFF: Final = Refused(
    code=ErrorCode.BACKUP.value,
    message="No backups are taken: backup_recipients names nobody who could open them. Make a key with "
    "'echoless backup keygen'.",
    param="backup_recipients",
)
_BUSY: Final = Refused(code=ErrorCode.BACKUP.value, message="A backup is under way already.")


class BackupDesk:
    """Serves the operator."""

    def __init__(self, backups: Backups | None) -> None:
        self._backups = backups
        self._running: asyncio.Task[None] | None = None

    def acts(self) -> dict[type[Record], Callable[[Any], Awaitable[Record]]]:
        """Return who answers which record; a folder that cannot be read makes it an EcholessError(BACKUP)."""
        return {RunBackup: self._run, AskBackup: self._ask, ListBackups: self._list}

    async def finish(self) -> None:
        """Wait until a backup that was asked for has ended."""
        if self._running is not None:
            await self._running

    async def _run(self, _record: RunBackup) -> Record:
        if self._backups is None or not self._backups.standing.is_on:
            return _OFF
        if self._backups.standing.is_busy or (self._running is not None and not self._running.done()):
            return _BUSY
        self._running = asyncio.get_running_loop().create_task(self._take(self._backups))
        return self._state()

    async def _ask(self, _record: AskBackup) -> BackupState:
        return self._state()

    async def _list(self, _record: ListBackups) -> BackupList:
        notes = await self._backups.notes() if self._backups is not None else []
        return BackupList([view_of(note) for note in notes])

    async def _take(self, backups: Backups) -> None:
        try:
            await backups.take()
        except EcholessError:
            # It is journalled, and the standing says so.
            return

    def _state(self) -> BackupState:
        standing = self._backups.standing if self._backups is not None else NO_BACKUPS
        advance = self._backups.advance if self._backups is not None else Advance()
        is_running = self._running is not None and not self._running.done()
        return BackupState(
            is_on=standing.is_on, is_busy=standing.is_busy or is_running, run_count=standing.run_count,
            step=advance.step, permille=int(advance.fraction * 1000), count=standing.count,
            last_unix=standing.last_unix, oldest_unix=standing.oldest_unix, last_bytes=standing.last_bytes,
            failure_unix=standing.failure_unix, failure=standing.failure, pending_shred_s=standing.pending_shred_s,
        )  # fmt: skip


def view_of(note: BackupNote) -> BackupView:
    """Return a backup as the operator sees it."""
    return BackupView(
        note.set_id, note.origin, note.taken_unix, note.expires_unix, note.size_bytes, note.object_count,
        note.object_bytes, note.took_ms,
    )  # fmt: skip
