"""Deletions and certificates as they are stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.vault.stores.deletions import (
    AccountDeletion,
    Certificates,
    DeletionState,
    deletion_row,
    load_deletions,
    remove_deletions,
)
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def deletion(number: int, workspace: str) -> AccountDeletion:
    return AccountDeletion(
        f"d{number}", workspace, DeletionState.WAITING, "owner", number, number + 5, code_digest=b"x", code_tries=2,
        counts={"history": number},
    )  # fmt: skip


async def test_deletions_come_back_as_they_were_stored_the_oldest_first(storage: Storage) -> None:
    made = [deletion(2, "a"), deletion(1, "b")]
    await storage.writer.now(*((Write.ACCOUNT_DELETION, deletion_row(each)) for each in made))
    assert await storage.read(lambda reader: load_deletions(reader.vault)) == [made[1], made[0]]
    await storage.writer.run(lambda stores: remove_deletions(stores.vault, "b"))
    assert await storage.read(lambda reader: load_deletions(reader.vault)) == [made[0]]


def test_a_certificate_stays_as_it_was_first_put(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    certificates = Certificates(directory)
    assert certificates.ids() == []
    certificates.put("c" * 20, "first")
    certificates.put("c" * 20, "second")
    assert certificates.get("c" * 20) == "first"
    assert certificates.ids() == ["c" * 20]
    assert (tmp_path / "erasure" / "certificates" / ("c" * 20 + ".jws")).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["", "../ledger", "x" * 20, "..", "a/b", "c" * 19])
def test_what_is_no_id_of_a_certificate_finds_no_file(tmp_path: Path, name: str) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    directory.ledger.write_text("secret")
    assert Certificates(directory).get(name) is None
