"""A statement about an audit is in the log before anybody gets its signature (C9)."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.audit_statement import check_audit
from echoless.receipts.signing import StatementSigner
from echoless.vault.stores.audit_book import AuditBook, EnteredAudit
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.storage import Storage
from tests.unit.receipts.test_audit_statement import DIGEST, STATEMENT

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
SIGNER = StatementSigner(bytes(range(32)))


def opened(storage: Storage) -> tuple[AuditBook, ProofLog]:
    log = ProofLog(storage.directory.root / "log", "echoless", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    return AuditBook(storage, SIGNER.sign, log), log


def seal_of(entered: EnteredAudit) -> dict[str, object]:
    proof = [base64.b64encode(part).decode() for part in entered.proof]
    inclusion = {"index": entered.index, "checkpoint": entered.checkpoint, "proof": proof}
    return {"signed": entered.signed, "inclusion": inclusion}


async def test_a_statement_is_entered_and_checked_with_the_public_keys_alone(storage: Storage) -> None:
    book, log = opened(storage)
    assert book.last is None
    await book.enter(STATEMENT)
    entered = await book.enter(STATEMENT)
    checked = check_audit(seal_of(entered), {"keys": [SIGNER.public_key], "log_key": log.verifier.text}, DIGEST)
    assert (checked.index, checked.checkpoint.size) == (1, 2)
    assert book.last == STATEMENT


async def test_what_the_log_could_not_take_is_not_signed(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = []
    book, log = opened(storage)
    monkeypatch.setattr(book, "_sign", lambda *words: signed.append(words))

    def full(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(log, "_write", full)
    with pytest.raises(EcholessError):
        await book.enter(STATEMENT)
    assert (signed, book.last, log.state.size) == ([], None, 0)
