"""Identities as files: for their owner only, and never over another."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.identity_files import make_identity
from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.backups.age_keys import identities_in, recipient_of

pytestmark = pytest.mark.unit


def test_a_new_file_holds_the_other_half_of_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "identity"
    shown = make_identity(path, ErrorCode.BACKUP)
    assert path.stat().st_mode & 0o077 == 0
    assert [str(recipient_of(one)) for one in identities_in(path)] == [shown]


def test_another_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "identity"
    path.write_text("mine")
    with pytest.raises(EcholessError) as refused:
        make_identity(path, ErrorCode.INVALID_PARAMETERS)
    assert refused.value.code is ErrorCode.INVALID_PARAMETERS
    assert path.read_text() == "mine"
