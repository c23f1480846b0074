"""(9) When backups are taken and when they end, in the running server.

A backup is due when the newest is older than the interval; one that was missed is taken at once, one that failed is
tried again after ten minutes. Archives end by age, without a lower bound. Where the operator wants deletions to
reach backups at once, the archive of keys is written anew soon after keys were destroyed, in one go for many.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.crossing.control import BackupRules
from echoless.vault.backups.catalogue import Expiry, SetBook
from echoless.vault.backups.ledger_copy import LedgerCopy
from echoless.vault.backups.manifest import DAY_S, BackupNote
from echoless.vault.backups.rules import BackupSettings
from echoless.vault.backups.taking import Advance, BackupTaker
from echoless.vault.erasure.steady import SteadyClock
from echoless.vault.stores.key_watch import KeyWatch
from echoless.vault.stores.snapshot import Snapshots
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.store_snapshots import snapshots_of

LOOK_S: Final = 1.0
_MARGIN_S: Final = 2 * 3600
"""Archives go so much before their time: a clock that must be watched for an hour does not make them late."""
_PAUSE_AFTER_FAILURE_S: Final = 60.0
_RETRY_S: Final = 600.0
_REFRESH_REST: Final = 10
"""Writing the keys anew takes at most one part in so many of the time."""


@dataclass(frozen=True, slots=True)
class BackupStanding:
    """Where backups stand.

    run_count:    backups that have ended since the vault was opened, well or not
    failure:      why the last attempt failed, in words of ours
    last_unix:    begin of the newest whole one; 0 where there is none
    failure_unix: of the last attempt, if it failed; 0 otherwise
    pending_shred_s: for how long keys have been destroyed that are still in an archive; 0 where none are, and
                  where archives forget as they expire
    """

    is_on: bool
    is_busy: bool
    run_count: int
    count: int
    last_unix: int
    oldest_unix: int
    last_bytes: int
    failure_unix: int
    failure: str
    pending_shred_s: int


NO_BACKUPS: Final = BackupStanding(
    is_on=False, is_busy=False, run_count=0, count=0, last_unix=0, oldest_unix=0, last_bytes=0, failure_unix=0,
    failure="", pending_shred_s=0,
)  # fmt: skip


class Backups:
    """Takes, ends and refreshes the backups of one open vault."""

    def __init__(
        self, storage: Storage, snapshots: Snapshots, settings: BackupSettings, clock: Clock, journal: Journal
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._steady = SteadyClock(clock)
        self._journal = journal
        self._watch = KeyWatch(storage.opened.writing[1])
        self._forgotten_count = -1
        self._shred_since_s: float | None = None
        self._rest_until_s = 0.0
        self._retry_at_s: float | None = None
        self._failure_unix = 0
        self._failure = ""
        self._run_count = 0
        self._expiry = Expiry(settings.places, SetBook(storage.directory), settings.days)
        self._ledger = LedgerCopy(storage.directory, settings.places)
        self._taker = BackupTaker(storage, snapshots, settings, clock, self._expiry)
        self._notes: list[BackupNote] = []

    @property
    def advance(self) -> Advance:
        """How far the backup is that is under way."""
        return self._taker.advance

    @property
    def standing(self) -> BackupStanding:
        """Where backups stand, as of the last look at the folders."""
        newest = self._notes[-1] if self._notes else None
        since_s = self._shred_since_s
        return BackupStanding(
            is_on=bool(self._settings.recipients), is_busy=self._taker.is_busy, count=len(self._notes),
            run_count=self._run_count, failure=self._failure,
            last_unix=newest.taken_unix if newest else 0, last_bytes=newest.size_bytes if newest else 0,
            oldest_unix=self._notes[0].taken_unix if self._notes else 0, failure_unix=self._failure_unix,
            pending_shred_s=int(self._clock.monotonic_s() - since_s) if since_s is not None else 0,
        )  # fmt: skip

    async def notes(self) -> list[BackupNote]:
        """Return what there is, oldest first."""
        self._notes = await self._taker.apart(self._settings.places.notes)
        return self._notes

    async def open(self) -> None:
        """Before the vault serves: end what is due, and remove what a killed process left.

        A folder that cannot be read does not keep the vault from serving; it is said, and tried again.
        """
        try:
            if self._settings.recipients:
                await self._taker.apart(self._settings.places.make)
            await self._taker.apart(self._expiry.clear_leftovers)
            await self.expire()
        except EcholessError as error:
            self._failed(error)

    async def take(self) -> BackupNote:
        """Take one now, then end what is due.

        raises: EcholessError(BACKUP)
        """
        try:
            note = await self._taker.take()
        except EcholessError as error:
            self._run_count += 1
            self._failed(error)
            raise
        self._run_count += 1
        self._failure_unix, self._failure, self._retry_at_s = 0, "", None
        self._journal.say(
            Event.BACKUP_TAKEN, archive_bytes=note.size_bytes, count=note.object_count, duration_ms=note.took_ms
        )
        await self._taker.apart(self._end_from_the_future)
        await self.expire()
        return note

    async def expire(self) -> int:
        """End what has lived long enough; return how many.

        raises: EcholessError(BACKUP)
        """
        # A day's life is shorter than the margin would be long.
        ahead_s = min(_MARGIN_S, self._settings.days * DAY_S // 12)
        now_unix = self._steady.unix_ms() // 1000
        if not self._taker.is_busy:
            ended = await self._taker.apart(lambda: self._expiry.end(self._expiry.due(now_unix, ahead_s)))
            if ended:
                self._journal.say(Event.BACKUPS_EXPIRED, count=ended)
        else:
            ended = 0
        await self.notes()
        return ended

    async def run_for_ever(self) -> None:
        """Look every second."""
        while True:
            pause_s = LOOK_S
            try:
                await self.look()
            except EcholessError as error:
                self._failed(error)
                pause_s = _PAUSE_AFTER_FAILURE_S
            await asyncio.sleep(pause_s)

    async def look(self) -> None:
        """Do what is due now.

        raises: EcholessError(BACKUP)
        """
        if self._settings.recipients:
            await self._taker.apart(self._ledger.catch_up)
            await self._shred()
        await self.expire()
        if self._is_due():
            await self.take()

    async def stop(self) -> None:
        """Break off what is under way."""
        await self._taker.stop()

    # --- inner ---

    def _is_due(self) -> bool:
        if not self._settings.interval_s or not self._settings.recipients or self._taker.is_busy:
            return False
        if self._retry_at_s is not None:
            return self._clock.monotonic_s() >= self._retry_at_s
        now_unix = self._clock.unix_ms() // 1000
        age_s = now_unix - self._notes[-1].taken_unix if self._notes else self._settings.interval_s
        return age_s >= self._settings.interval_s or age_s < -DAY_S

    async def _shred(self) -> None:
        """Write the keys anew where some were destroyed since, or where that is not known: at the first look."""
        if not self._settings.is_shredded_at_once or self._watch.count == self._forgotten_count:
            return
        began_s = self._clock.monotonic_s()
        self._shred_since_s = began_s if self._shred_since_s is None else self._shred_since_s
        if began_s < self._rest_until_s:
            return
        seen_count = self._watch.count
        await self._taker.refresh_keys()
        ended_s = self._clock.monotonic_s()
        self._rest_until_s = ended_s + _REFRESH_REST * (ended_s - began_s)
        self._forgotten_count = seen_count
        if seen_count == self._watch.count:
            self._shred_since_s = None

    def _end_from_the_future(self) -> int:
        return self._expiry.end(self._expiry.from_the_future(self._clock.unix_ms() // 1000))

    def _failed(self, error: EcholessError) -> None:
        self._failure_unix = self._clock.unix_ms() // 1000
        self._failure = error.public_description
        self._retry_at_s = self._clock.monotonic_s() + _RETRY_S
        code = error.code if error.code is not ErrorCode.INTERNAL_ERROR else ErrorCode.BACKUP
        self._journal.say(Event.BACKUP_FAILED, error=code.value)


def open_backups(storage: Storage, rules: BackupRules | None, clock: Clock, journal: Journal) -> Backups | None:
    """Return the backups of a vault, None for one that has nothing to do with any.

    raises: EcholessError(CONFIGURATION) where a recipient is none
    """
    if rules is None:
        return None
    return Backups(storage, snapshots_of(storage), BackupSettings.of(rules), clock, journal)
