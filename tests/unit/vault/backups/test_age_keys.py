"""Recipients of a setting, identities of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.backups.age_keys import identities_in, identity_file, new_identity, recipient_of, recipients_in

pytestmark = pytest.mark.unit


def test_several_recipients_are_parted_by_commas() -> None:
    texts = [str(recipient_of(new_identity())) for _ in range(2)]
    assert [str(each) for each in recipients_in(f" {texts[0]} ,{texts[1]},")] == texts
    assert recipients_in("") == ()


@pytest.mark.parametrize("text", ["age1nonsense", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1"])
def test_what_is_no_recipient_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(EcholessError) as raised:
        recipients_in(text)
    assert raised.value.code is ErrorCode.CONFIGURATION
    assert text not in raised.value.public_description


def test_an_identity_file_is_read_back(tmp_path: Path) -> None:
    identity = new_identity()
    (tmp_path / "file").write_bytes(identity_file(identity, "2026-11-22"))
    assert [str(each) for each in identities_in(tmp_path / "file")] == [str(identity)]
    assert str(recipient_of(identity)) in (tmp_path / "file").read_text()


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"AGE-SECRET-KEY-1BROKEN\n", b"\xff\xfe", None])
def test_a_file_without_an_identity_is_refused(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "file").write_bytes(data)
    with pytest.raises(EcholessError, match="identity file"):
        identities_in(tmp_path / "file")
