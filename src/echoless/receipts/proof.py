"""Checking a receipt with nothing but the public keys: the signature, and its place in the log. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import leaf_hash, verify_inclusion
from echoless.receipts.placement import as_bytes, as_salt
from echoless.receipts.receipt import RECEIPT_KIND, Receipt, parse_receipt
from echoless.receipts.signing import Fault, verify_signed, wrong


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """A receipt that holds.

    index, checkpoint: where the log has it; None while it has not, or where the answer did not say
    has_ended_key:     whether the key that signed has ended since
    """

    receipt: Receipt
    index: int | None
    checkpoint: Checkpoint | None
    has_ended_key: bool = False


def check_receipt(answer: Mapping[str, Any], keys: Mapping[str, Any]) -> CheckedReceipt:
    """Check a receipt as the server answered it.

    answer: `receipt`, and `salt` and `inclusion` where its place in the log is to be checked too
    keys:   the answer of `GET /v1/transparency-log/keys`: `keys` and `log_key`
    raises: EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    public_keys, signed = keys.get("keys"), answer.get("receipt")
    if not isinstance(public_keys, list) or not isinstance(signed, str):
        raise _wrong("the answer has no receipt, or the keys are none")
    statement, key = verify_signed(RECEIPT_KIND, signed, public_keys)
    receipt, end = parse_receipt(statement), end_of(key)
    if end is not None and receipt.minute_unix > end.unix_s:
        raise wrong(Fault.EXPIRED_KEY)
    inclusion = answer.get("inclusion")
    if inclusion is None:
        return CheckedReceipt(receipt, None, None, end is not None)
    if not isinstance(inclusion, Mapping):
        raise _wrong("its place in the log cannot be read")
    checkpoint = LogKeys.parse(keys).open(str(inclusion.get("checkpoint", "")))
    leaf = leaf_hash(committed_entry(EntryKind.RECEIPT, as_salt(answer.get("salt")), signed.strip()))
    index, parts = inclusion.get("index"), inclusion.get("proof")
    if type(index) is not int or not isinstance(parts, list):
        raise _wrong("its place in the log cannot be read")
    if not verify_inclusion(leaf, index, checkpoint.size, [as_bytes(part) for part in parts], checkpoint.root):
        raise _wrong("the log does not have it where the answer says")
    if end is not None and end.entry is not None and index >= end.entry:
        # A stolen key can date a receipt back, but not enter it before the entry that ends the key.
        raise wrong(Fault.EXPIRED_KEY)
    return CheckedReceipt(receipt, index, checkpoint, end is not None)


@dataclass(frozen=True, slots=True)
class KeyEnd:
    """When a key ended.

    entry: of the log, that says so; None where that is not said
    """

    unix_s: int
    entry: int | None


def end_of(key: Mapping[str, Any]) -> KeyEnd | None:
    """Return the end of a public key: `exp`, and `ended_by_entry`; None while it has none.

    raises: EcholessError(INVALID_PARAMETERS) for an end that cannot be read
    """
    unix_s, entry = key.get("exp"), key.get("ended_by_entry")
    if unix_s is None and entry is None:
        return None
    if type(unix_s) is not int or (entry is not None and type(entry) is not int):
        raise wrong(Fault.NO_KEY)
    return KeyEnd(unix_s, entry)


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The receipt does not hold: {reason}.")
