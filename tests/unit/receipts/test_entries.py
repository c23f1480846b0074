"""An entry commits to a receipt and tells nothing of it (C9, T42)."""

from __future__ import annotations

import json

import pytest

from echoless.receipts.entries import SALT_BYTES, EntryKind, commitment, committed_entry, fact_entry
from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import StatementSigner
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = pytest.mark.unit
SALT = b"0123456789abcdef"
SIGNED = StatementSigner(bytes(32)).sign(RECEIPT_KIND, RECEIPT.statement())


def test_an_entry_tells_nothing_to_whoever_has_not_the_salt() -> None:
    assert len(SALT) == SALT_BYTES
    assert commitment(SALT, SIGNED) != commitment(b"another salt....", SIGNED)
    entry = committed_entry(EntryKind.RECEIPT, SALT, SIGNED)
    assert RECEIPT.request_id.encode() not in entry
    assert set(json.loads(entry)) == {"digest", "kind"}


def test_facts_have_their_time_to_the_minute() -> None:
    assert fact_entry(EntryKind.BUILD, 119, build_hash="b") == b'{"build_hash":"b","kind":"build","minute_unix":60}'
