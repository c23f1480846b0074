"""The vault's word about a report holds for that report, that key and that log alone (C9, C61)."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError
from echoless.receipts.audit_statement import AUDIT_KIND, AuditStatement, check_audit
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import StatementSigner

pytestmark = pytest.mark.unit
SIGNER = StatementSigner(bytes(range(32)))
LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ORIGIN = "log.example"
KEYS: dict[str, Any] = {
    "keys": [SIGNER.public_key],
    "log_key": VerifierKey(ORIGIN, LOG_KEY.public_key().public_bytes_raw()).text,
}
DIGEST = "0f" * 32
STATEMENT = AuditStatement(
    report_sha256=DIGEST, verdict="failed", mode="own", check_count=12, failed_count=2,
    minute_unix=1_790_000_040, build_hash="b" * 64,
)  # fmt: skip


def no_file(_path: str) -> None:
    """A new log."""


def sealed(
    statement: AuditStatement = STATEMENT, *, kind: str = AUDIT_KIND, entry: bytes | None = None
) -> dict[str, Any]:
    growth = append_entries(0, [b"before", statement.entry() if entry is None else entry, b"after"], no_file)
    note = sign_checkpoint(Checkpoint(ORIGIN, growth.size, growth.root), LOG_KEY)
    proof = inclusion_proof(1, 3, HashReader(3, growth.files.get).hash_at)
    inclusion = {"index": 1, "checkpoint": note, "proof": [base64.b64encode(part).decode() for part in proof]}
    return {"signed": SIGNER.sign(kind, statement.statement()), "inclusion": inclusion}


def test_a_seal_holds_for_its_report_and_says_where_the_log_has_it() -> None:
    checked = check_audit(sealed(), KEYS, DIGEST)
    assert (checked.statement, checked.index, checked.checkpoint.size) == (STATEMENT, 1, 3)


def test_the_entry_says_openly_which_report_and_which_verdict() -> None:
    assert json.loads(STATEMENT.entry()) == {
        "kind": "audit", "minute_unix": 1_790_000_040, "report": DIGEST, "verdict": "failed", "mode": "own",
    }  # fmt: skip


def test_another_report_is_refused() -> None:
    with pytest.raises(EcholessError, match="not the one that was sealed"):
        check_audit(sealed(), KEYS, "f0" * 32)


def test_a_statement_that_the_log_does_not_have_is_refused() -> None:
    passed = msgspec.structs.replace(STATEMENT, verdict="passed", failed_count=0)
    with pytest.raises(EcholessError, match="the log does not have it"):
        check_audit(sealed(entry=passed.entry()), KEYS, DIGEST)


def test_a_statement_of_another_kind_or_key_is_refused() -> None:
    with pytest.raises(EcholessError, match="another kind"):
        check_audit(sealed(kind=RECEIPT_KIND), KEYS, DIGEST)
    other = StatementSigner(bytes(32))
    with pytest.raises(EcholessError, match="the key that it names"):
        check_audit(sealed(), KEYS | {"keys": [other.public_key]}, DIGEST)


def ended(unix_s: int, entry: int) -> dict[str, Any]:
    return KEYS | {"keys": [{**SIGNER.public_key, "exp": unix_s, "ended_by_entry": entry}]}


def test_a_statement_dated_or_entered_after_its_key_had_ended_is_refused() -> None:
    before, after = STATEMENT.minute_unix - 60, STATEMENT.minute_unix + 60
    assert check_audit(sealed(), ended(after, 2), DIGEST).index == 1
    for keys in (ended(before, 2), ended(after, 1)):
        with pytest.raises(EcholessError, match="after its key had ended"):
            check_audit(sealed(), keys, DIGEST)


def test_a_log_of_another_origin_is_refused() -> None:
    key = VerifierKey("other.example", LOG_KEY.public_key().public_bytes_raw()).text
    with pytest.raises(EcholessError, match="another log"):
        check_audit(sealed(), KEYS | {"log_key": key}, DIGEST)


@pytest.mark.parametrize(
    "members", [{"verdict": "perhaps"}, {"minute_unix": 61}, {"report_sha256": "x"}, {"words": "more"}]
)
def test_what_is_no_statement_is_refused_although_it_is_signed(members: dict[str, Any]) -> None:
    seal = sealed() | {"signed": SIGNER.sign(AUDIT_KIND, STATEMENT.statement() | members)}
    with pytest.raises(EcholessError, match="no statement about an audit"):
        check_audit(seal, KEYS, DIGEST)


@pytest.mark.parametrize(
    "change", [{"signed": 1}, {"inclusion": None}, {"inclusion": {"index": "1", "proof": []}},
               {"inclusion": {"index": 1, "proof": ["!"]}}],
)  # fmt: skip
def test_a_broken_seal_is_refused(change: dict[str, Any]) -> None:
    seal = sealed()
    if isinstance(change.get("inclusion"), dict):
        change = {"inclusion": seal["inclusion"] | change["inclusion"]}
    with pytest.raises(EcholessError, match="not hold"):
        check_audit(seal | change, KEYS, DIGEST)
