"""Where backups stand, read from their folders: for `echoless doctor`, whether a server runs or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from echoless.cli.screen import day_of
from echoless.supervisor.config import ServerConfig
from echoless.vault.backups.catalogue import BackupPlaces, stem_of

_HOUR_S: Final = 3600
_GRACE_S: Final = 2 * _HOUR_S


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What the folders say.

    last_unix:  begin of the newest whole one; 0 where there is none
    is_late:    a backup should have been taken since
    lacks_keys: the newest has no archive of keys: it cannot be opened
    """

    is_on: bool
    count: int
    last_unix: int
    is_late: bool
    lacks_keys: bool


def backup_facts(settings: ServerConfig, now_unix: int) -> BackupFacts:
    """Read the folders.

    now_unix: seconds since the epoch
    """
    places = BackupPlaces(*settings.backup_paths)
    notes = places.notes()
    newest = notes[-1] if notes else None
    interval_s = settings.backup_interval_hours * _HOUR_S
    age_s = now_unix - newest.taken_unix if newest is not None else now_unix
    has_keys = newest is None or places.keys_path(stem_of(newest)).exists()
    return BackupFacts(
        is_on=bool(settings.backup_recipients),
        count=len(notes),
        last_unix=newest.taken_unix if newest is not None else 0,
        is_late=bool(settings.backup_recipients and interval_s and age_s > interval_s + _GRACE_S),
        lacks_keys=not has_keys,
    )


def in_words(facts: BackupFacts) -> list[tuple[str, object]]:
    """Return the facts as rows, each with what to do where something should be done."""
    newest = f"{day_of(facts.last_unix)} UTC" if facts.last_unix else "none"
    if facts.lacks_keys:
        newest += ": it cannot be opened, its archive of keys is not in backup_keys_directory"
    elif facts.is_late:
        newest += ": late; is a server running? 'echoless backup run' says what is wrong"
    who = "on" if facts.is_on else "off: nobody could open them; 'echoless backup keygen' makes a key"
    return [("backups", who), ("newest backup", newest), ("whole backups", facts.count)]
