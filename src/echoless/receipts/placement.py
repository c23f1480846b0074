"""Checking where the log has what it commits to, offline: text, salt, index, path, signed checkpoint. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.entries import SALT_BYTES, EntryKind, committed_entry
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import leaf_hash, verify_consistency, verify_inclusion


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is, proved."""

    index: int
    checkpoint: Checkpoint


def check_place(
    kind: EntryKind, text: str, answer: Mapping[str, Any], keys: LogKeys,
    witnesses: Sequence[VerifierKey] = (),
) -> Place:  # fmt: skip
    """Return where the log has the entry that commits to a text.

    answer: `salt` and `inclusion`, as the server tells them
    raises: EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    entry = committed_entry(kind, as_salt(answer.get("salt")), text)
    return check_entry(entry, answer.get("inclusion"), keys, witnesses)


def check_entry(entry: bytes, inclusion: object, keys: LogKeys, witnesses: Sequence[VerifierKey] = ()) -> Place:
    """Return where the log has an entry; otherwise as `check_place`.

    inclusion: index, checkpoint and proof
    """
    if not isinstance(inclusion, Mapping):
        raise _wrong("the answer does not say where the log has it")
    index, parts = inclusion.get("index"), inclusion.get("proof")
    if type(index) is not int or not isinstance(parts, list):
        raise _wrong("its place in the log cannot be read")
    checkpoint = keys.open(str(inclusion.get("checkpoint", "")), witnesses)
    proof = [as_bytes(part) for part in parts]
    if not verify_inclusion(leaf_hash(entry), index, checkpoint.size, proof, checkpoint.root):
        raise _wrong("the log does not have it where the answer says")
    return Place(index, checkpoint)


def check_consistency(
    older: str, newer: str, parts: object, keys: LogKeys, witnesses: Sequence[VerifierKey] = ()
) -> tuple[Checkpoint, Checkpoint]:
    """Return two checkpoints, once the older one's tree is the beginning of the newer one's.

    older, newer: signed notes, of which the newer one is signed by the witnesses too
    parts:        the proof, in base64
    raises:       EcholessError(INVALID_PARAMETERS) naming what does not hold
    """
    if not isinstance(parts, list):
        raise _wrong("the proof cannot be read")
    first, second = keys.open(older), keys.open(newer, witnesses)
    proof = [as_bytes(part) for part in parts]
    if not verify_consistency(first.size, second.size, proof, first.root, second.root):
        raise _wrong("the older tree is not the beginning of the newer one")
    return first, second


def as_salt(text: object) -> bytes:
    """Return a salt: of its one length, so that nothing can be moved from it into the text or back.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    salt = as_bytes(text)
    if len(salt) != SALT_BYTES:
        raise _wrong("the salt has not the length of one")
    return salt


def as_bytes(text: object) -> bytes:
    """Return the bytes that a text is the base64 of, if it is.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    try:
        return base64.b64decode(text if isinstance(text, str) else "-", validate=True)
    except (binascii.Error, ValueError):
        pass
    raise _wrong("a value is not base64")


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The proof does not hold: {reason}.")
