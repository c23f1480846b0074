"""Checking a receipt with nothing but the public keys: the signature, and its place in the log. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.merkle import leaf_hash, verify_inclusion
from echoless.receipts.receipt import RECEIPT_KIND, Receipt, parse_receipt
from echoless.receipts.signing import verify_statement


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """A receipt that holds.

    index, checkpoint: where the log has it; None while it has not, or where the answer did not say
    """

    receipt: Receipt
    index: int | None
    checkpoint: Checkpoint | None


def check_receipt(answer: Mapping[str, Any], keys: Mapping[str, Any]) -> CheckedReceipt:
    """Check a receipt as the server answered it.

    answer: `receipt`, and `salt` and `inclusion` where its place in the log is to be checked too
    keys:   the answer of `GET /v1/transparency-log/keys`: `keys` and `log_key`
    raises: EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    public_keys, signed = keys.get("keys"), answer.get("receipt")
    if not isinstance(public_keys, list) or not isinstance(signed, str):
        raise _wrong("the answer has no receipt, or the keys are none")
    receipt = parse_receipt(verify_statement(RECEIPT_KIND, signed, public_keys))
    inclusion = answer.get("inclusion")
    if inclusion is None:
        return CheckedReceipt(receipt, None, None)
    if not isinstance(inclusion, Mapping):
        raise _wrong("its place in the log cannot be read")
    checkpoint = open_checkpoint(
        str(inclusion.get("checkpoint", "")), VerifierKey.parse(str(keys.get("log_key", "")))
    )
    leaf = leaf_hash(committed_entry(EntryKind.RECEIPT, _bytes(answer.get("salt")), signed.strip()))
    index, parts = inclusion.get("index"), inclusion.get("proof")
    if not isinstance(index, int) or not isinstance(parts, list):
        raise _wrong("its place in the log cannot be read")
    if not verify_inclusion(leaf, index, checkpoint.size, [_bytes(part) for part in parts], checkpoint.root):
        raise _wrong("the log does not have it where the answer says")
    return CheckedReceipt(receipt, index, checkpoint)


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise _wrong("a value is not base64")


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The receipt does not hold: {reason}.")
