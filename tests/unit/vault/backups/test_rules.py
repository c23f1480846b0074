"""What the operator set, read."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.control import BackupRules
from echoless.vault.backups.age_keys import new_identity, recipient_of
from echoless.vault.backups.rules import BackupSettings

pytestmark = pytest.mark.unit


def test_rules_become_settings() -> None:
    recipient = str(recipient_of(new_identity()))
    settings = BackupSettings.of(BackupRules("/a", "/k", recipient, 3600, 7, True))
    assert [str(each) for each in settings.recipients] == [recipient]
    assert (settings.places.archives, settings.places.keys) == (Path("/a"), Path("/k"))
    assert (settings.interval_s, settings.days, settings.is_shredded_at_once) == (3600, 7, True)


def test_a_recipient_that_is_none_is_refused() -> None:
    with pytest.raises(EcholessError):
        BackupSettings.of(BackupRules("/a", "/k", "age1" + "x" * 58, 0, 30, False))
