"""Records of the operator's door about backups: taking one, watching it, listing what there is."""

from __future__ import annotations

from typing import ClassVar, Final

from echoless.crossing.records import Code, Count, Record


class RunBackup(Record, frozen=True):
    """Begins a backup. Answered by BackupState at once, or Refused."""

    KIND: ClassVar[int] = 440


class AskBackup(Record, frozen=True):
    """Asks where backups stand. Answered by BackupState."""

    KIND: ClassVar[int] = 441


class BackupState(Record, frozen=True):
    """Where backups stand.

    is_on:           somebody is named who can open them
    is_busy:         one is under way
    run_count:       how many have ended since the vault was opened, well or not
    step, permille:  how far the one is that is under way
    count:           of whole ones
    last_unix:       begin of the newest whole one; 0 where there is none
    oldest_unix:     begin of the oldest
    last_bytes:      of the newest one's archive of the vault
    failure_unix:    of the last attempt if it failed, else 0
    failure:         why, in words of ours
    pending_shred_s: for how long destroyed keys have been in an archive all the same; 0 where none are
    """

    KIND: ClassVar[int] = 442
    is_on: bool
    is_busy: bool
    run_count: Count
    step: Code
    permille: Count
    count: Count
    last_unix: Count
    oldest_unix: Count
    last_bytes: Count
    failure_unix: Count
    failure: str
    pending_shred_s: Count


class ListBackups(Record, frozen=True):
    """Answered by BackupList."""

    KIND: ClassVar[int] = 443


class BackupView(Record, frozen=True):
    """One whole backup."""

    KIND: ClassVar[int] = 444
    set_id: Code
    origin: Code
    taken_unix: Count
    expires_unix: Count
    size_bytes: Count
    object_count: Count
    object_bytes: Count
    took_ms: Count


class BackupList(Record, frozen=True):
    """All whole backups, oldest first."""

    KIND: ClassVar[int] = 445
    backups: list[BackupView]


BACKUP_QUESTIONS: Final = (RunBackup, AskBackup, ListBackups)
BACKUP_RECORDS: Final[tuple[type[Record], ...]] = (*BACKUP_QUESTIONS, BackupState, BackupView, BackupList)
