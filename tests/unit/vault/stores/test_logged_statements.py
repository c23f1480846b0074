"""Statements are committed to by the log once, and go with their workspace (C9, T42)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import read_entries
from echoless.receipts.log_check import check_log
from echoless.vault.stores import schema
from echoless.vault.stores.logged_statements import StatementBook, statement_row
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.purging import purge_rows
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z34")]


def opened(storage: Storage) -> tuple[StatementBook, ProofLog]:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    log = ProofLog(storage.directory.root / "log", "log.example", key)
    return StatementBook(storage, log), log


async def put(storage: Storage, number: int, workspace_id: str = "w1") -> None:
    await storage.writer.now(statement_row(EntryKind.POLICY, f"c{number}", f"text {number}", workspace_id))


async def test_a_statement_is_entered_once_and_the_entry_commits_to_it(storage: Storage) -> None:
    book, log = opened(storage)
    for number in range(3):
        await put(storage, number)
    assert (await book.enter(), await book.enter()) == (3, 0)
    kept = await book.find("c1")
    assert kept is not None
    assert (kept.text, kept.index, log.state.size) == ("text 1", 1, 3)
    entries = read_entries(0, 3, log.fetch)
    assert entries[1] == committed_entry(EntryKind.POLICY, kept.salt, "text 1")
    assert b"text" not in b"".join(entries)
    assert check_log(log.note(), log.fetch, log.verifier).is_sound


async def test_what_a_process_left_without_an_entry_gets_one_from_the_next(storage: Storage) -> None:
    await put(storage, 1)
    assert (await opened(storage)[0].page("w1", 10, None))[0].index is None
    book, log = opened(storage)
    assert await book.enter() == 1
    assert log.state.size == 1


async def test_pages_go_from_the_newest_to_the_oldest_of_one_workspace(storage: Storage) -> None:
    book, _ = opened(storage)
    for number in range(5):
        await put(storage, number)
    await put(storage, 9, "other")
    first = await book.page("w1", 2, None)
    rest = await book.page("w1", 9, first[-1].sequence)
    assert [kept.text for kept in (*first, *rest)] == [f"text {number}" for number in (4, 3, 2, 1, 0)]


async def test_a_certificate_is_committed_to_once_and_its_text_is_not_in_the_row(storage: Storage) -> None:
    book, log = opened(storage)
    await book.add_certificate("d1", "the.signed.certificate")
    await book.add_certificate("d1", "another.signed.certificate")
    assert await book.enter() == 1
    kept = await book.find("d1")
    assert kept is not None
    assert kept.text == ""
    (entry,) = read_entries(0, 1, log.fetch)
    assert entry == committed_entry(EntryKind.ERASURE, kept.salt, "the.signed.certificate")


async def test_salts_go_with_the_workspace_and_the_log_stays_sound(storage: Storage) -> None:
    book, log = opened(storage)
    await put(storage, 1)
    await book.add_certificate("d1", "the.signed.certificate")
    await book.enter()
    while await storage.writer.run(lambda stores: purge_rows(stores, "w1")):
        pass

    def left(stores: Connections) -> list[str]:
        with stores.vault.begin():
            return list(stores.vault.execute(sa.select(schema.logged_statements.c.statement_id)).scalars())

    assert await storage.writer.run(left) == ["d1"]
    assert check_log(log.note(), log.fetch, log.verifier).is_sound
