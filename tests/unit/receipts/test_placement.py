"""A place in the log is believed only where text, salt, index, path and signature all fit (C9, T42)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign, sign_checkpoint
from echoless.receipts.entries import EntryKind, committed_entry
from echoless.receipts.growing import HashReader
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import consistency_proof, inclusion_proof
from echoless.receipts.placement import check_consistency, check_place
from tests.unit.receipts.test_checkpoint import OTHER, WITNESS
from tests.unit.receipts.test_log_check import KEY, ORIGIN, VERIFIER, Log

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
KEYS = LogKeys(VERIFIER)
SALT = bytes(range(16))
TEXT = "a statement"
INDEX = 300


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def logged() -> tuple[Log, Checkpoint]:
    log = Log()
    log.grow(INDEX)
    log.put([committed_entry(EntryKind.POLICY, SALT, TEXT)])
    return log, log.grow(200)


def answer() -> dict[str, Any]:
    log, state = logged()
    proof = inclusion_proof(INDEX, state.size, HashReader(state.size, log.files.get).hash_at)
    return {
        "salt": base64_of(SALT),
        "inclusion": {
            "index": INDEX, "checkpoint": sign_checkpoint(state, KEY), "proof": [base64_of(part) for part in proof],
        },
    }  # fmt: skip


def test_what_was_entered_is_found_where_the_answer_says() -> None:
    place = check_place(EntryKind.POLICY, TEXT, answer(), KEYS)
    assert (place.index, place.checkpoint.size) == (INDEX, 501)


def test_another_text_salt_kind_index_or_log_is_refused() -> None:
    good = answer()
    inclusion = good["inclusion"]
    stranger, no_log = LogKeys(VerifierKey("other.example", VERIFIER.key)), LogKeys(WITNESS)
    wrong: list[tuple[EntryKind, str, dict[str, Any], LogKeys]] = [
        (EntryKind.POLICY, "another", good, KEYS),
        (EntryKind.ERASURE, TEXT, good, KEYS),
        (EntryKind.POLICY, TEXT, good | {"salt": base64_of(bytes(16))}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"salt": None}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"inclusion": None}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"inclusion": inclusion | {"index": INDEX + 1}}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"inclusion": inclusion | {"index": True}}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"inclusion": inclusion | {"proof": inclusion["proof"][:-1]}}, KEYS),
        (EntryKind.POLICY, TEXT, good | {"inclusion": inclusion | {"proof": ["*"]}}, KEYS),
        (EntryKind.POLICY, TEXT, good, stranger),
        (EntryKind.POLICY, TEXT, good, no_log),
    ]
    for kind, text, told, key in wrong:
        with pytest.raises(EcholessError):
            check_place(kind, text, told, key)


def test_a_wanted_witness_must_have_signed() -> None:
    good = answer()
    with pytest.raises(EcholessError, match="not signed"):
        check_place(EntryKind.POLICY, TEXT, good, KEYS, [WITNESS])
    good["inclusion"]["checkpoint"] = cosign(good["inclusion"]["checkpoint"], WITNESS.name, OTHER, 1_700_000_000)
    assert check_place(EntryKind.POLICY, TEXT, good, KEYS, [WITNESS]).index == INDEX


def test_two_checkpoints_of_one_log_are_consistent_and_of_two_are_not() -> None:
    log = Log()
    older = log.grow(300)
    newer = log.grow(400)
    parts = [base64_of(part) for part in consistency_proof(300, 700, HashReader(700, log.files.get).hash_at)]
    notes = sign_checkpoint(older, KEY), sign_checkpoint(newer, KEY)
    assert check_consistency(*notes, parts, KEYS) == (older, newer)
    forked = sign_checkpoint(Checkpoint(ORIGIN, 300, bytes(32)), KEY)
    for first, second, proof in (
        (forked, notes[1], parts), (notes[1], notes[0], parts), (*notes, parts[1:]), (*notes, None),
    ):  # fmt: skip
        with pytest.raises(EcholessError):
            check_consistency(first, second, proof, KEYS)


def test_a_salt_of_another_length_is_refused() -> None:
    """Salt and text are hashed one after the other: with a salt of any length, text could be passed off as salt."""
    good = answer()
    shifted = good | {"salt": base64_of(SALT + TEXT[:1].encode())}
    with pytest.raises(EcholessError, match="length"):
        check_place(EntryKind.POLICY, TEXT[1:], shifted, KEYS)
