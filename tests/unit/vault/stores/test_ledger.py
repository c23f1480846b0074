"""The erasure ledger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.ledger import Ledger

pytestmark = pytest.mark.unit


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


def test_ids_are_appended_and_read_in_bounded_lists(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    assert list(ledger.batches()) == []
    ids = [f"item{number:016d}" for number in range(1201)]
    ledger.append(ids[:1])
    ledger.append(ids[1:])
    batches = list(ledger.batches())
    assert [len(batch) for batch in batches] == [500, 500, 201]
    assert [item for batch in batches for item in batch] == ids
    assert directory.ledger.stat().st_mode & 0o777 == 0o600


def test_a_line_that_a_crash_cut_short_spoils_no_other(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    ledger.append(["first"])
    with directory.ledger.open("ab") as file:
        file.write(b"\ncut")
    assert list(ledger.batches()) == [["first"]]
    ledger.append(["second"])
    assert ["second" in batch for batch in ledger.batches()] == [True]


def test_a_deleted_item_keeps_its_place_for_its_own_workspace(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    assert ledger.place_of("ws1", "one") is None
    ledger.append(["one", "two", "orphan"], {"one": ("ws1", 7), "two": ("ws2", 8)})
    assert list(ledger.batches()) == [["one", "two", "orphan"]]
    assert (ledger.place_of("ws1", "one"), ledger.place_of("ws2", "two")) == (7, 8)
    assert (ledger.place_of("ws2", "one"), ledger.place_of("ws1", "orphan")) == (None, None)


def test_a_deleted_workspace_is_one_line_and_no_item(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    ledger.append(["first"])
    ledger.append_workspace("w" * 20)
    ledger.append(["second"], {"second": ("w" * 20, 7)})
    assert list(ledger.workspaces()) == [["w" * 20]]
    assert list(ledger.batches()) == [["first", "second"]]
    assert ledger.place_of("w" * 20, "second") == 7


def test_a_workspace_line_that_a_crash_cut_short_spoils_no_other(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    with directory.ledger.open("ab") as file:
        file.write(b"\nworkspace: wwwwww")
    ledger.append_workspace("v" * 20)
    assert list(ledger.workspaces()) == [["v" * 20]]


def test_a_file_system_that_takes_half_of_a_line_is_given_the_rest(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data[:3])))
    Ledger(directory).append(["first", "second"])
    assert list(Ledger(directory).batches()) == [["first", "second"]]


@pytest.mark.parametrize("block_bytes", [1, 7, 50, 64, 1 << 20])
def test_the_place_of_a_deleted_item_is_found_from_the_end_wherever_a_block_ends(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr("echoless.vault.stores.ledger._BLOCK_BYTES", block_bytes)
    ledger, workspace_id = Ledger(directory), "w" * 20
    ids = [f"item{number:016d}" for number in range(30)]
    for number, item_id in enumerate(ids):
        ledger.append([item_id], {item_id: (workspace_id, 10**number % 10**18 + number)})
    for number, item_id in enumerate(ids):
        assert ledger.place_of(workspace_id, item_id) == 10**number % 10**18 + number
        assert ledger.place_of("v" * 20, item_id) is None
    assert ledger.place_of(workspace_id, "item") is None
    assert ledger.place_of(workspace_id, "\udc80") is None


def test_a_place_that_a_crash_cut_short_is_no_place(directory: DataDirectory) -> None:
    directory.ledger.write_bytes(b"\nfirst wwww 12")
    assert Ledger(directory).place_of("wwww", "first") is None
