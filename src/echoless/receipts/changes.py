"""What is committed to when a retention policy changes: who, what, from what to what. Pure.

The log has a salted digest of it, so that nobody outside learns of whom it speaks; whoever has the statement and
its salt can show that it was entered, and where. Its policy hash is the one that receipts name, so a receipt can be
held against the change that brought its policy about.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import rfc8785

from echoless.core.errors import EcholessError, ErrorCode

_Word = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[A-Za-z0-9_.:/+-]*\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0)]
_Minute = Annotated[int, msgspec.Meta(ge=0, multiple_of=60)]
Value = bool | int | _Word | None
_MEMBERS_MAX: Final = 32


class Actor(StrEnum):
    """Which kind of somebody changed it; the trail has the id, for whoever may read that."""

    OPERATOR = "operator"
    MODERATION = "moderation"
    MEMBER = "member"
    KEY = "key"


class PolicyStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change.

    subject_id:  whose policy: the workspace's id, or that of one of its keys
    minute_unix: when, cut to the minute
    changed:     by name, what it was and what it is; was None where the subject is new
    policy_hash: of the workspace's whole policy from then on
    """

    change_id: _Word
    workspace_id: _Word
    subject_id: _Word
    actor: Actor
    activity: _Word
    minute_unix: _Minute
    policy_version: _Count
    policy_hash: _Word
    changed: Annotated[dict[_Word, tuple[Value, Value]], msgspec.Meta(min_length=1, max_length=_MEMBERS_MAX)]

    def text(self) -> str:
        """Return the statement as it is committed to: canonical JSON, ASCII."""
        return rfc8785.dumps(msgspec.to_builtins(self)).decode("ascii")


def differences(before: Mapping[str, Value] | None, after: Mapping[str, Value]) -> dict[str, tuple[Value, Value]]:
    """Return what changed, by name.

    before: None for what is new
    """
    older = before or {}
    return {name: (older.get(name), value) for name, value in after.items() if older.get(name) != value}


def parse_statement(text: str) -> PolicyStatement:
    """Return a statement.

    raises: EcholessError(INVALID_PARAMETERS) for what is none, or not in canonical form
    """
    try:
        found = msgspec.json.decode(text, type=PolicyStatement)
    except msgspec.DecodeError:
        found = None
    if found is None or not text.isascii() or found.text() != text:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no statement of a change of policy.")
    return found
