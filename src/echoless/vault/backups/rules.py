"""What the operator set for backups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from echoless.crossing.control import BackupRules
from echoless.vault.backups.age_keys import Recipient, recipients_in
from echoless.vault.backups.catalogue import BackupPlaces


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """The rules, read.

    recipients: whoever may open archives; without one there are no backups
    interval_s: between two backups of the schedule; 0 for none
    days:       for which an archive lives, 1 to 30
    is_shredded_at_once: a deletion reaches the archives of keys as soon as it is done
    """

    places: BackupPlaces
    recipients: tuple[Recipient, ...]
    interval_s: int
    days: int
    is_shredded_at_once: bool

    @classmethod
    def of(cls, rules: BackupRules) -> BackupSettings:
        """Read the rules.

        raises: EcholessError(CONFIGURATION) where a recipient is none
        """
        places = BackupPlaces(Path(rules.archives_directory), Path(rules.keys_directory))
        return cls(places, recipients_in(rules.recipients), rules.interval_s, rules.days, rules.is_shredded_at_once)
