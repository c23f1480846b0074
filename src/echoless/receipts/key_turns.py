"""Following keys that turned, over any number of turns, from saved keys alone. Pure.

What an answer says besides its handovers is not believed: members of followed keys are made of the entries.
source: RFC 7517 (members of keys)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from echoless.receipts.handover import (
    HANDOVER,
    KeyTurn,
    TurnBreakError,
    TurnFault,
    log_turn,
    receipt_turn,
    verifier_of,
)
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import public_jwk

_LAST_SECOND: Final = 59
_TURNS_MAX: Final = 1000
_END_MEMBERS: Final = frozenset({"exp", "ended_by_entry", "size_max", HANDOVER})


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
    # With the log's keys of now: one of them signed where a key of receipts ended.
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
        except TurnBreakError as error:
            told = error.told
        return (), told

    def turns(self) -> tuple[KeyTurn, ...]:
        """Return the turns, all of them or none; raises TurnBreakError."""
        raise NotImplementedError


class _LogChain(_Chain):
    def turns(self) -> tuple[KeyTurn, ...]:
        current = self.log_keys.current
        newest, listed = verifier_of(self.answer.get("log_key")), _by_name(self.answer.get("log_keys"), "key")
        former = {each.key: each.size_max for each in self.log_keys.former}
        if newest is None or newest == current or newest in former:
            return ()
        if newest.name != current.name:
            raise TurnBreakError(current.key_id.hex(), TurnFault.OTHER_LOG)
        members, turns = self.keys["log_keys"], list[KeyTurn]()
        size, seen = max(former.values(), default=0), {current.text, *(key.text for key in former)}
        while current != newest:
            turn = log_turn(current, listed.get(current.text))
            following = verifier_of(turn.begun)
            assert following is not None, "a turn names a key"
            if turn.checkpoint.size <= size:
                raise TurnBreakError(current.key_id.hex(), TurnFault.BACKWARDS)
            _demand_new(current.key_id.hex(), following.text, seen, turns)
            end = _end(members[0], turn) | {"size_max": turn.checkpoint.size}
            members = [{"key": following.text, "nbf": turn.minute_unix}, members[0] | end, *members[1:]]
            turns.append(turn)
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
        kid, seen = str(members[0].get("kid")), {str(member.get("kid")) for member in members}
        if next(iter(listed)) in seen - {kid}:
            return ()
        while True:
            member = listed.get(kid)
            if member is None:
                raise TurnBreakError(kid, TurnFault.NOT_LISTED)
            if _END_MEMBERS.isdisjoint(member):
                break
            turn = receipt_turn(kid, member, self.log_keys)
            following = _public_half(listed.get(turn.begun), turn.begun)
            if following is None:
                raise TurnBreakError(kid, TurnFault.BROKEN_SUCCESSOR)
            _demand_new(kid, turn.begun, seen, turns)
            end = _end(members[0], turn) | {"ended_by_entry": turn.entry}
            members = [following | {"nbf": turn.minute_unix}, members[0] | end, *members[1:]]
            turns.append(turn)
            kid = turn.begun
        self.keys["keys"] = members
        return tuple(turns)


def _demand_new(key: str, following: str, seen: set[str], turns: Sequence[KeyTurn]) -> None:
    if following in seen:
        raise TurnBreakError(key, TurnFault.AGAIN)
    if len(turns) >= _TURNS_MAX:
        raise TurnBreakError(key, TurnFault.TOO_MANY)
    seen.add(following)


def _end(member: Mapping[str, Any], turn: KeyTurn) -> dict[str, Any]:
    """Return the end of a key: the last second of the minute in which the log says so, and the proof."""
    begun_unix = member.get("nbf")
    last_unix = turn.minute_unix + _LAST_SECOND
    return {"exp": max(begun_unix, last_unix) if type(begun_unix) is int else last_unix, HANDOVER: turn.proof}


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
