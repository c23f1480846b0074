"""Settings of stores: secrets from files, addresses that can be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.config import resolve_config
from echoless.supervisor.stores import store_access

pytestmark = pytest.mark.unit
DATABASE = "postgresql://u@10.0.0.1/v"
OBJECTS = "s3://bucket/p"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "password").write_text("hidden-password\n")
    (tmp_path / "credentials").write_text("hidden-id\nhidden-secret\n")
    return {
        "data": str(tmp_path / "data"),
        "database_url": DATABASE,
        "database_password_file": str(tmp_path / "password"),
        "objects_url": OBJECTS,
        "objects_credentials_file": str(tmp_path / "credentials"),
    }


def test_secrets_come_from_files_and_are_printed_nowhere(files: dict[str, object]) -> None:
    config = resolve_config(files, {}).config
    access = store_access(config)
    assert (access.database_url, access.database_password) == (DATABASE, "hidden-password")
    assert (access.objects_key_id, access.objects_secret) == ("hidden-id", "hidden-secret")
    assert "hidden" not in repr(access) + repr(config)


def test_nothing_is_set_where_everything_is_in_the_data_directory(tmp_path: Path) -> None:
    access = store_access(resolve_config({"data": str(tmp_path)}, {}).config)
    assert {getattr(access, name) for name in access.__struct_fields__} == {""}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database_url": "postgresql://u:xyzzy@h/v"}, "password may not stand"),
        ({"database_url": "http://xyzzy"}, "postgresql://"),
        ({"objects_url": "s3://xyzzy:1@b"}, "s3://bucket"),
        ({"objects_credentials_file": None}, "objects_credentials_file"),
        ({"database_url": "", "keys_url": DATABASE}, "keys_url"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(
    files: dict[str, object], change: dict[str, object], words: str
) -> None:
    with pytest.raises(EcholessError, match=words) as caught:
        resolve_config({**files, **change}, {})
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert "xyzzy" not in caught.value.public_description


@pytest.mark.parametrize("content", ["one line", "a\nb\nc", ""])
def test_credentials_are_two_lines(files: dict[str, object], tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials").write_text(content.replace(" ", ""))
    with pytest.raises(EcholessError, match="two lines"):
        store_access(resolve_config(files, {}).config)


def test_a_file_that_is_not_there_is_named_by_its_key(files: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "password").unlink()
    with pytest.raises(EcholessError, match="cannot read database_password_file: No such file"):
        store_access(resolve_config(files, {}).config)
