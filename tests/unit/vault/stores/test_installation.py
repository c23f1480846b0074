"""Which stores a directory has, and whose an outside store is."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.store_urls import IN_DIRECTORY, StorePlaces, parse_database_url
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.installation import settle_installation

pytestmark = pytest.mark.unit
OUTSIDE = StorePlaces(parse_database_url("postgresql://u@127.0.0.1/v"))


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


def test_a_directory_with_all_its_stores_has_no_file(directory: DataDirectory) -> None:
    assert settle_installation(directory, IN_DIRECTORY).installation_id == ""
    assert not directory.installation_file.exists()


def test_an_installation_keeps_its_id_and_no_other_has_it(directory: DataDirectory, tmp_path: Path) -> None:
    made = settle_installation(directory, OUTSIDE)
    assert settle_installation(directory, OUTSIDE) == made
    other = DataDirectory(tmp_path / "other")
    other.make()
    assert settle_installation(other, OUTSIDE).installation_id != made.installation_id


def test_other_kinds_of_stores_than_it_has_are_refused(directory: DataDirectory) -> None:
    settle_installation(directory, OUTSIDE)
    with pytest.raises(EcholessError, match="database in PostgreSQL"):
        settle_installation(directory, IN_DIRECTORY)


def test_a_damaged_file_is_refused(directory: DataDirectory) -> None:
    directory.installation_file.write_text("{")
    with pytest.raises(EcholessError, match="damaged"):
        settle_installation(directory, OUTSIDE)


def test_a_move_that_was_not_finished_opens_for_the_mover_only(directory: DataDirectory) -> None:
    directory.moving_file.touch()
    with pytest.raises(EcholessError, match="not finished"):
        settle_installation(directory, OUTSIDE)
    assert settle_installation(directory, OUTSIDE, is_moving=True).installation_id
