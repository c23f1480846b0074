"""Settings of backups: recipients are public keys, and keys lie apart from what they open."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.supervisor.backups import backup_paths, check_apart, check_recipients
from echoless.supervisor.config import resolve_config
from echoless.vault.backups.age_keys import new_identity, recipient_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("text", ["", ",", "age1" + "x" * 58, f"age1{'0' * 58} , age1{'q' * 58}"])
def test_recipients_are_words_of_age(text: str) -> None:
    check_recipients(text)


@pytest.mark.parametrize("text", ["age1short", "AGE-SECRET-KEY-1" + "Q" * 58, "ssh-ed25519 AAAA", "somebody"])
def test_what_is_no_recipient_is_refused_and_not_repeated(text: str) -> None:
    """A secret key in the wrong place is never shown again."""
    with pytest.raises(EcholessError) as raised:
        resolve_config({"backup_recipients": text}, {})
    assert "age1..." in raised.value.public_description
    assert text not in raised.value.public_description


def test_a_true_recipient_passes() -> None:
    recipient = str(recipient_of(new_identity()))
    assert resolve_config({"backup_recipients": recipient}, {}).config.backup_recipients == recipient


def test_folders_are_beside_the_data_unless_told() -> None:
    assert backup_paths(Path("/d/data"), "", "") == (Path("/d/data-backups"), Path("/d/data-backup-keys"))
    assert backup_paths(Path("/d/data"), "/a", "/k") == (Path("/a"), Path("/k"))


@pytest.mark.parametrize(
    "places",
    [("/d", "/d/a", "/k"), ("/d", "/a", "/a"), ("/d", "/a", "/a/k"), ("/d", "/k/a", "/k"), ("/x/d", "/a", "/x")],
)
def test_one_folder_in_another_is_refused(places: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="apart"):
        check_apart(*map(Path, places))
    settings = dict(zip(("data", "backup_directory", "backup_keys_directory"), places, strict=True))
    with pytest.raises(EcholessError, match="apart"):
        resolve_config(settings, {})
