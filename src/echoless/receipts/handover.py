"""One turn of a key, proved from the key that ended. Pure.

A second signature below a note proves nothing: anybody can add his own. What proves a turn is what the key of
before has signed itself: a tree with the entry that ends a key and names the one that follows. For a key of the log
it is the last entry that the ended key signed for, and the new key has signed that state too; a key of receipts is
ended by an entry that the log's key of that time signed for.
source: C2SP tlog-proof (the form of a handover), tlog-checkpoint
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint
from echoless.receipts.entries import EntryKind
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.tlog_proof import TlogProof, parse_proof

HANDOVER: Final = "handover"
"""The member of an ended key with the proof."""
LOG_ROLE: Final = "log"
RECEIPTS_ROLE: Final = "receipts"


class TurnFault(StrEnum):
    """Why a turn cannot be followed."""

    OTHER_LOG = "the new keys are of another log"
    NOT_LISTED = "the new keys do not list it: a link is missing"
    NOT_ENDED = "the new keys do not say that it ended"
    NO_HANDOVER = "there is no handover: this turn cannot be followed"
    BROKEN_HANDOVER = "its handover cannot be read"
    NOT_SIGNED = "it has not signed the state at its end"
    NOT_SIGNED_BY_LOG = "the log has not signed the state at its end"
    OTHER_ORIGIN = "the state at its end is of another log"
    NOT_LAST = "the entry is not the last one that it signed for"
    NOT_IN_LOG = "the state at its end does not have the entry"
    NO_KEY_ENTRY = "the entry is not about such a key"
    OTHER_ENDED = "the entry ends another key"
    BROKEN_SUCCESSOR = "the entry names no key that could follow"
    NOT_SIGNED_BY_SUCCESSOR = "the key that the entry names has not signed the state"
    OTHER_END = "the new keys say another end than its last state"
    BACKWARDS = "it would have ended before it began"
    AGAIN = "a key that had ended follows"
    TOO_MANY = "there are too many turns"


class TurnBreakError(Exception):
    """A chain of keys that breaks at one of them; never leaves this package.

    told: which key, and why
    """

    def __init__(self, key: str, fault: TurnFault) -> None:
        super().__init__()
        self.told = f"The end of the key {key} does not hold: {fault.value}."


@dataclass(frozen=True, slots=True)
class KeyTurn:
    """A turn that holds.

    ended, begun: names of keys, as the entry has them
    entry:        its index in the log
    checkpoint:   the state with the entry, signed by the log's key of that time
    minute_unix:  when, as the entry says
    proof:        what proves it, as it came
    """

    role: str
    ended: str
    begun: str
    entry: int
    checkpoint: Checkpoint
    minute_unix: int
    proof: str


def log_turn(current: VerifierKey, member: Mapping[str, Any] | None) -> KeyTurn:
    """Return the turn that ends a key of the log.

    member: what the new keys say of it; None where they do not list it
    raises: TurnBreakError
    """
    key_id = current.key_id.hex()
    if member is None:
        raise TurnBreakError(key_id, TurnFault.NOT_LISTED)
    if "size_max" not in member and HANDOVER not in member:
        raise TurnBreakError(key_id, TurnFault.NOT_ENDED)
    proof = _proof(key_id, member)
    if proof.note.partition("\n")[0] != current.name:
        raise TurnBreakError(key_id, TurnFault.OTHER_ORIGIN)
    checkpoint = _signed_by(current, proof.note)
    if checkpoint is None:
        raise TurnBreakError(key_id, TurnFault.NOT_SIGNED)
    if proof.index != checkpoint.size - 1:
        raise TurnBreakError(key_id, TurnFault.NOT_LAST)
    turn = _turn(key_id, proof, LOG_ROLE, ended=current.text, checkpoint=checkpoint)
    _demand_in(key_id, proof, LogKeys(current))
    following = verifier_of(turn.begun)
    if following is None or following.name != current.name:
        raise TurnBreakError(key_id, TurnFault.BROKEN_SUCCESSOR)
    if _signed_by(following, proof.note) is None:
        raise TurnBreakError(key_id, TurnFault.NOT_SIGNED_BY_SUCCESSOR)
    if member.get("size_max") != checkpoint.size:
        raise TurnBreakError(key_id, TurnFault.OTHER_END)
    return turn


def receipt_turn(kid: str, member: Mapping[str, Any], log_keys: LogKeys) -> KeyTurn:
    """Return the turn that ends a key of receipts.

    log_keys: those of the log, of which one signed the state
    raises:   TurnBreakError
    """
    proof = _proof(kid, member)
    try:
        checkpoint = log_keys.open(proof.note)
    except EcholessError:
        checkpoint = None
    if checkpoint is None:
        raise TurnBreakError(kid, TurnFault.NOT_SIGNED_BY_LOG)
    turn = _turn(kid, proof, RECEIPTS_ROLE, ended=kid, checkpoint=checkpoint)
    _demand_in(kid, proof, log_keys)
    if member.get("ended_by_entry") != proof.index:
        raise TurnBreakError(kid, TurnFault.OTHER_END)
    return turn


def verifier_of(text: object) -> VerifierKey | None:
    """Return a key of a log from its text; None for anything else, such as a witness's key, which is no log's."""
    try:
        key = VerifierKey.parse(text if isinstance(text, str) else "")
    except EcholessError:
        return None
    return None if key.is_witness else key


def _proof(key: str, member: Mapping[str, Any]) -> TlogProof:
    text = member.get(HANDOVER)
    if text is None:
        raise TurnBreakError(key, TurnFault.NO_HANDOVER)
    try:
        return parse_proof(text if isinstance(text, str) else "")
    except EcholessError:
        pass
    raise TurnBreakError(key, TurnFault.BROKEN_HANDOVER)


def _turn(key: str, proof: TlogProof, role: str, *, ended: str, checkpoint: Checkpoint) -> KeyTurn:
    """Return what the entry says, if it is one that ends this key."""
    try:
        said = json.loads(proof.extra)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or (said.get("kind"), said.get("role")) != (EntryKind.KEY.value, role):
        raise TurnBreakError(key, TurnFault.NO_KEY_ENTRY)
    if said.get("ended") != ended:
        raise TurnBreakError(key, TurnFault.OTHER_ENDED)
    begun, minute_unix = said.get("key"), said.get("minute_unix")
    if not isinstance(begun, str) or type(minute_unix) is not int:
        raise TurnBreakError(key, TurnFault.BROKEN_SUCCESSOR)
    return KeyTurn(role, ended, begun, proof.index, checkpoint, minute_unix, proof.text)


def _demand_in(key: str, proof: TlogProof, keys: LogKeys) -> None:
    try:
        proof.check(proof.extra, keys)
    except EcholessError:
        is_in = False
    else:
        is_in = True
    if not is_in:
        raise TurnBreakError(key, TurnFault.NOT_IN_LOG)


def _signed_by(key: VerifierKey, note: str) -> Checkpoint | None:
    try:
        return open_checkpoint(note, key)
    except EcholessError:
        return None
