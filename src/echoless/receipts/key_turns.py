"""Following keys that turned, from saved keys alone. Pure.

A second signature below a note proves nothing: anybody can add his own. What proves a turn is what the key of
before has signed itself: a tree with the entry that ends a key and names the one that follows. For a key of the log
it is the last entry that the ended key signed for, and the new key has signed that state too; a key of receipts is
ended by an entry that the log's key of that time signed for.
What the answer says besides is not believed: members of followed keys are made of the entries.
source: C2SP tlog-proof (the form of a handover), tlog-checkpoint; RFC 7517 (members of keys)
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint
from echoless.receipts.entries import EntryKind
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import public_jwk
from echoless.receipts.tlog_proof import TlogProof, parse_proof

HANDOVER: Final = "handover"
LOG_ROLE: Final = "log"
RECEIPTS_ROLE: Final = "receipts"
_LAST_SECOND: Final = 59
_TURNS_MAX: Final = 1000
_END_MEMBERS: Final = frozenset({"exp", "ended_by_entry", "size_max", HANDOVER})


class TurnFault(StrEnum):
    """Why a turn cannot be followed."""

    OTHER_LOG = "the new keys are of another log"
    NOT_LISTED = "the new keys do not list it: a link is missing"
    NOT_ENDED = "the new keys do not say that it ended"
    NO_HANDOVER = "there is no handover: this turn cannot be followed"
    BROKEN_HANDOVER = "its handover cannot be read"
    NOT_SIGNED = "it has not signed the state at its end"
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


@dataclass(frozen=True, slots=True)
class KeyTurn:
    """A turn that holds.

    ended, begun: names of keys, as the entry has them
    entry:        its index in the log
    checkpoint:   the state with the entry, signed by the log's key of that time
    """

    role: str
    ended: str
    begun: str
    entry: int
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Followed:
    """Where following came to.

    keys:  what is proved, in the form of the server's answer; where a chain breaks, as it was saved
    turns: of the log's key and of that of receipts, the oldest first
    break: where a chain broke; empty where it did not
    """

    keys: dict[str, Any]
    log_turns: tuple[KeyTurn, ...]
    receipt_turns: tuple[KeyTurn, ...]
    log_break: str
    receipt_break: str


class _BreakError(Exception):
    def __init__(self, key: str, fault: TurnFault) -> None:
        super().__init__()
        self.told = f"The end of the key {key} does not hold: {fault.value}."


def follow_keys(saved: Mapping[str, Any], answer: Mapping[str, Any]) -> Followed:
    """Follow every turn from saved keys to those of an answer.

    saved, answer: answers of `GET /v1/transparency-log/keys`; the first is believed, the second is not
    returns:       what is proved; an answer from before the saved one adds nothing
    raises:        EcholessError(INVALID_PARAMETERS) where the saved keys cannot be read
    """
    keys = {
        "keys": _members(saved.get("keys")), "log_key": saved.get("log_key"), "log_keys": _log_members(saved)
    }  # fmt: skip
    log_turns, log_break = _LogChain(keys, answer).followed()
    receipt_turns, receipt_break = _ReceiptChain(keys, answer).followed()
    return Followed(keys, log_turns, receipt_turns, log_break, receipt_break)


class _Chain:
    """Follows the keys of one role, and puts what is proved into `keys`."""

    def __init__(self, keys: dict[str, Any], answer: Mapping[str, Any]) -> None:
        self.keys = keys
        self.answer = answer
        self.log_keys = LogKeys.parse(keys)

    def followed(self) -> tuple[tuple[KeyTurn, ...], str]:
        """Return the turns and an empty text, or none and where the chain breaks."""
        told = ""
        try:
            return self.turns(), ""
        except _BreakError as error:
            told = error.told
        return (), told

    def turns(self) -> tuple[KeyTurn, ...]:
        """Return the turns, all of them or none; raises _BreakError."""
        raise NotImplementedError


class _LogChain(_Chain):
    def turns(self) -> tuple[KeyTurn, ...]:
        current = self.log_keys.current
        newest, listed = _verifier(self.answer.get("log_key")), _by_name(self.answer.get("log_keys"), "key")
        former = {each.key: each.size_max for each in self.log_keys.former}
        if newest is None or newest == current or newest in former:
            return ()
        if newest.name != current.name:
            raise _BreakError(_id(current), TurnFault.OTHER_LOG)
        members, turns = self.keys["log_keys"], list[KeyTurn]()
        size, seen = max(former.values(), default=0), {*former, current}
        while current != newest:
            turn, following, handover, minute_unix = _log_turn(current, listed.get(current.text))
            if turn.checkpoint.size <= size:
                raise _BreakError(_id(current), TurnFault.BACKWARDS)
            if following in seen:
                raise _BreakError(_id(current), TurnFault.AGAIN)
            if len(turns) >= _TURNS_MAX:
                raise _BreakError(_id(current), TurnFault.TOO_MANY)
            end = {"exp": _exp(members[0], minute_unix), "size_max": turn.checkpoint.size, HANDOVER: handover}
            members = [{"key": following.text, "nbf": minute_unix}, members[0] | end, *members[1:]]
            turns.append(turn)
            seen.add(following)
            current, size = following, turn.checkpoint.size
        self.keys.update(log_key=newest.text, log_keys=members)
        return tuple(turns)


class _ReceiptChain(_Chain):
    def turns(self) -> tuple[KeyTurn, ...]:
        members, turns = self.keys["keys"], list[KeyTurn]()
        listed = _by_name(self.answer.get("keys"), "kid")
        # The newest comes first; where it has ended already, nobody can say what follows.
        if not members or not listed or not _END_MEMBERS.isdisjoint(members[0]):
            return ()
        seen = {str(member.get("kid")) for member in members}
        if next(iter(listed)) in seen - {str(members[0].get("kid"))}:
            return ()
        while True:
            kid = str(members[0].get("kid"))
            member = listed.get(kid)
            if member is None:
                raise _BreakError(kid, TurnFault.NOT_LISTED)
            if _END_MEMBERS.isdisjoint(member):
                break
            turn, handover, minute_unix = self._turn(kid, member)
            following = _public_half(listed.get(turn.begun), turn.begun)
            if following is None:
                raise _BreakError(kid, TurnFault.BROKEN_SUCCESSOR)
            if turn.begun in seen:
                raise _BreakError(kid, TurnFault.AGAIN)
            end = {"exp": _exp(members[0], minute_unix), "ended_by_entry": turn.entry, HANDOVER: handover}
            members = [following | {"nbf": minute_unix}, members[0] | end, *members[1:]]
            seen.add(turn.begun)
            turns.append(turn)
        self.keys["keys"] = members
        return tuple(turns)

    def _turn(self, kid: str, member: Mapping[str, Any]) -> tuple[KeyTurn, str, int]:
        proof = _proof(kid, member)
        try:
            checkpoint = self.log_keys.open(proof.note)
        except EcholessError:
            checkpoint = None
        if checkpoint is None:
            raise _BreakError(kid, TurnFault.NOT_SIGNED)
        said = _said(kid, proof, RECEIPTS_ROLE, kid)
        _demand_in(kid, proof, self.log_keys)
        if member.get("ended_by_entry") != proof.index:
            raise _BreakError(kid, TurnFault.OTHER_END)
        turn = KeyTurn(RECEIPTS_ROLE, kid, str(said["key"]), proof.index, checkpoint)
        return turn, member[HANDOVER], said["minute_unix"]


def _log_turn(current: VerifierKey, member: Mapping[str, Any] | None) -> tuple[KeyTurn, VerifierKey, str, int]:
    key_id = _id(current)
    if member is None:
        raise _BreakError(key_id, TurnFault.NOT_LISTED)
    if "size_max" not in member and HANDOVER not in member:
        raise _BreakError(key_id, TurnFault.NOT_ENDED)
    proof = _proof(key_id, member)
    if proof.note.partition("\n")[0] != current.name:
        raise _BreakError(key_id, TurnFault.OTHER_ORIGIN)
    checkpoint = _signed_by(current, proof.note)
    if checkpoint is None:
        raise _BreakError(key_id, TurnFault.NOT_SIGNED)
    if proof.index != checkpoint.size - 1:
        raise _BreakError(key_id, TurnFault.NOT_LAST)
    said = _said(key_id, proof, LOG_ROLE, current.text)
    _demand_in(key_id, proof, LogKeys(current))
    following = _verifier(said["key"])
    if following is None or following.name != current.name:
        raise _BreakError(key_id, TurnFault.BROKEN_SUCCESSOR)
    if _signed_by(following, proof.note) is None:
        raise _BreakError(key_id, TurnFault.NOT_SIGNED_BY_SUCCESSOR)
    if member.get("size_max") != checkpoint.size:
        raise _BreakError(key_id, TurnFault.OTHER_END)
    turn = KeyTurn(LOG_ROLE, current.text, following.text, proof.index, checkpoint)
    return turn, following, member[HANDOVER], said["minute_unix"]


def _proof(key: str, member: Mapping[str, Any]) -> TlogProof:
    text = member.get(HANDOVER)
    if text is None:
        raise _BreakError(key, TurnFault.NO_HANDOVER)
    try:
        return parse_proof(text if isinstance(text, str) else "")
    except EcholessError:
        pass
    raise _BreakError(key, TurnFault.BROKEN_HANDOVER)


def _said(key: str, proof: TlogProof, role: str, ended: str) -> Mapping[str, Any]:
    """Return what the entry of a turn says."""
    try:
        said = json.loads(proof.extra)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or (said.get("kind"), said.get("role")) != (EntryKind.KEY.value, role):
        raise _BreakError(key, TurnFault.NO_KEY_ENTRY)
    if said.get("ended") != ended:
        raise _BreakError(key, TurnFault.OTHER_ENDED)
    if not isinstance(said.get("key"), str) or type(said.get("minute_unix")) is not int:
        raise _BreakError(key, TurnFault.BROKEN_SUCCESSOR)
    return said


def _demand_in(key: str, proof: TlogProof, keys: LogKeys) -> None:
    try:
        proof.check(proof.extra, keys)
    except EcholessError:
        is_in = False
    else:
        is_in = True
    if not is_in:
        raise _BreakError(key, TurnFault.NOT_IN_LOG)


def _signed_by(key: VerifierKey, note: str) -> Checkpoint | None:
    try:
        return open_checkpoint(note, key)
    except EcholessError:
        return None


def _verifier(text: object) -> VerifierKey | None:
    try:
        key = VerifierKey.parse(text if isinstance(text, str) else "")
    except EcholessError:
        return None
    # A log signs as itself; a witness's key is of another kind.
    return None if key.is_witness else key


def _public_half(member: Mapping[str, Any] | None, kid: str) -> dict[str, Any] | None:
    """Return a key of receipts made of its public half alone, if that is the one with this name."""
    text = "" if member is None else str(member.get("x", ""))
    try:
        made = public_jwk(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    return made if made["kid"] == kid else None


def _log_members(saved: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the saved keys of the log, the newest first, the one that signs among them."""
    keys = LogKeys.parse(saved)
    listed = _by_name(saved.get("log_keys"), "key")
    said = listed.get(keys.current.text, {})
    newest = {name: value for name, value in said.items() if name not in _END_MEMBERS}
    former = [
        {**listed.get(each.key.text, {}), "key": each.key.text, "size_max": each.size_max} for each in keys.former
    ]
    return [newest | {"key": keys.current.text}, *former]


def _by_name(listed: object, name: str) -> dict[str, Mapping[str, Any]]:
    """Return the members of a list by their names; the first of two that are called the same."""
    found: dict[str, Mapping[str, Any]] = {}
    for member in _members(listed):
        found.setdefault(str(member.get(name)), member)
    return found


def _members(listed: object) -> list[dict[str, Any]]:
    items: Sequence[object] = listed if isinstance(listed, list) else ()
    return [dict(item) for item in items if isinstance(item, Mapping)]


def _exp(member: Mapping[str, Any], minute_unix: int) -> int:
    """Return the last second of a key: of the minute in which the log says that it ended."""
    begun_unix = member.get("nbf")
    last_unix = minute_unix + _LAST_SECOND
    return max(begun_unix, last_unix) if type(begun_unix) is int else last_unix


def _id(key: VerifierKey) -> str:
    return key.key_id.hex()


def broken(told: str) -> EcholessError:
    """Return the error of a chain that broke."""
    return EcholessError(ErrorCode.INVALID_PARAMETERS, told)
