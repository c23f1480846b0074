"""The key of certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.signing import open_signer

pytestmark = pytest.mark.unit


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


def test_the_key_is_made_once_and_is_nobody_elses_to_read(directory: DataDirectory) -> None:
    first = open_signer(directory).public_key
    assert open_signer(directory).public_key == first
    (path,) = directory.keys.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_not_replaced_silently(directory: DataDirectory) -> None:
    open_signer(directory)
    (path,) = directory.keys.iterdir()
    path.write_bytes(b"short")
    with pytest.raises(EcholessError, match="damaged"):
        open_signer(directory)
