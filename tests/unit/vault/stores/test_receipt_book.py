"""Receipts are kept, entered and found; what a crash left without an entry gets one (C8, C9)."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.log_check import check_log
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import Receipt
from echoless.receipts.signing import StatementSigner
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.receipt_book import KeptReceipt, ReceiptBook
from echoless.vault.stores.storage import Storage
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def opened(storage: Storage) -> ReceiptBook:
    log = ProofLog(storage.directory.root / "log", "echoless", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    return ReceiptBook(storage, StatementSigner(bytes(range(32))), log)


def receipt(number: int) -> Receipt:
    return msgspec.structs.replace(RECEIPT, request_id=f"request{number}")


async def test_receipts_are_found_by_their_workspace_alone(storage: Storage) -> None:
    book = opened(storage)
    await book.issue([receipt(number) for number in range(3)])
    kept = await book.find("w1", "request1")
    assert kept is not None
    assert kept.index == 1
    assert check_receipt({"receipt": kept.signed}, {"keys": [book.public_key]}).receipt == receipt(1)
    assert await book.find("other", "request1") is None
    assert await book.find("w1", "request9") is None
    assert (book.issued_count, book.log.state.size) == (3, 3)


async def test_every_entry_has_a_salt_of_its_own(storage: Storage) -> None:
    book = opened(storage)
    await book.issue([receipt(number) for number in range(5)])
    found = [await book.find("w1", f"request{number}") for number in range(5)]
    assert len({kept.salt for kept in found if kept is not None}) == 5


async def test_what_a_crash_left_without_an_entry_gets_one(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = opened(storage)
    with monkeypatch.context() as patched:
        # The rows are there; the process dies before the log has them.
        patched.setattr(ReceiptBook, "_enter", lambda *_: None)
        await book.issue([receipt(number) for number in range(4)])
    left = await book.find("w1", "request3")
    assert left == KeptReceipt(left.signed, left.salt, None) if left is not None else False
    again = opened(storage)
    assert await again.enter_left_over() == 4
    assert await again.enter_left_over() == 0
    kept = await again.find("w1", "request3")
    assert kept is not None
    assert kept.index is not None
    assert again.log.state.size == 4


async def test_the_log_of_many_batches_is_sound(storage: Storage) -> None:
    book = opened(storage)
    for start in range(0, 700, 100):
        await book.issue([receipt(start + number) for number in range(100)])
    assert check_log(book.log.note(), book.log.fetch, book.log.verifier).is_sound
    kept = await book.find("w1", "request555")
    assert kept is not None
    assert kept.index == 555


@pytest.mark.parametrize("target", ["_enter", "log.append"])
async def test_a_batch_that_failed_half_way_is_given_again_and_nothing_is_there_twice(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    book = opened(storage)
    batch = [receipt(number) for number in range(3)]
    with monkeypatch.context() as patched:
        # The rows are committed; then the disk is full.
        patched.setattr(book if target == "_enter" else book.log, target.rpartition(".")[2], refuse)
        for _ in range(2):
            with pytest.raises(EcholessError):
                await book.issue(batch)
    await book.issue([*batch, receipt(3)])
    found = [await book.find("w1", f"request{number}") for number in range(4)]
    assert [kept.index for kept in found if kept is not None] == [0, 1, 2, 3]
    assert book.log.state.size == 4
    await book.issue([receipt(4)])
    assert book.log.state.size == 5


def refuse(*_: object) -> None:
    raise OSError(28, "no space left")
