"""Where backups stand, in facts and in words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from echoless.cli.backup_standing import backup_facts, in_words
from echoless.supervisor.config import ServerConfig
from echoless.vault.backups.catalogue import BackupPlaces, stem_of
from echoless.vault.backups.manifest import FORMAT, BackupNote

pytestmark = pytest.mark.unit
NOW, DAY_S = 1_800_000_000, 86_400
RECIPIENT = "age1" + "q" * 58


def settings(tmp_path: Path, **changes: object) -> ServerConfig:
    return ServerConfig.model_validate({"data": str(tmp_path / "data"), "backup_recipients": RECIPIENT} | changes)


def put(config: ServerConfig, taken_unix: int, *, has_keys: bool = True) -> None:
    places = BackupPlaces(*config.backup_paths)
    places.make()
    note = BackupNote(FORMAT, "s" * 20, "0" * 16, taken_unix, taken_unix + 30 * DAY_S, 1, "f" * 64, 0, 0, 1)
    places.note_path(stem_of(note)).write_bytes(msgspec.json.encode(note))
    if has_keys:
        places.keys_path(stem_of(note)).write_bytes(b"sealed")


def test_without_recipients_backups_are_off_and_the_remedy_is_named(tmp_path: Path) -> None:
    facts = backup_facts(settings(tmp_path, backup_recipients=""), NOW)
    assert (facts.is_on, facts.count, facts.is_late) == (False, 0, False)
    assert "keygen" in str(in_words(facts))


@pytest.mark.parametrize(("age_s", "is_late"), [(0, False), (DAY_S, False), (DAY_S + 2 * 3600 + 1, True)])
def test_a_backup_that_is_older_than_the_interval_is_late(tmp_path: Path, age_s: int, is_late: bool) -> None:
    config = settings(tmp_path)
    put(config, NOW - age_s)
    facts = backup_facts(config, NOW)
    assert (facts.last_unix, facts.is_late, facts.count) == (NOW - age_s, is_late, 1)
    assert ("late" in str(in_words(facts))) is is_late


def test_none_at_all_is_late_and_none_by_schedule_never_is(tmp_path: Path) -> None:
    assert backup_facts(settings(tmp_path), NOW).is_late
    assert not backup_facts(settings(tmp_path, backup_interval_hours=0), NOW).is_late


def test_a_backup_without_its_keys_is_told(tmp_path: Path) -> None:
    config = settings(tmp_path)
    put(config, NOW, has_keys=False)
    facts = backup_facts(config, NOW)
    assert facts.lacks_keys
    assert "cannot be opened" in str(in_words(facts))
