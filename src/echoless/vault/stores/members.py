"""Members at rest: who they are is sealed with a key of their own, and looked up by digests.

Their sessions, the passes that let somebody in once, and their groups lie beside them. A member's key is destroyed
with the member; from then on no copy says who it was.
"""

from __future__ import annotations

from typing import Final

import msgspec
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.membership import Member, Session
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.writing import Row

_PROFILE: Final = "profile"


class MemberProfile(msgspec.Struct, frozen=True, array_like=True):
    """Who a member is. It prints no value.

    password_hash: argon2's own text; empty for a member who has no password
    """

    email: str
    first_name: str = ""
    password_hash: str = ""

    def __repr__(self) -> str:
        return "<MemberProfile>"


def member_row(member: Member) -> Row:
    """Return the row of a member."""
    return {name: getattr(member, name) for name in Member.__slots__} | {"role": member.role.value}


def session_row(session: Session) -> Row:
    """Return the row of a session."""
    return {name: getattr(session, name) for name in Session.__slots__}


def sealed_profile(sealer: ItemSealer, profile: MemberProfile) -> bytes:
    """Return a profile as it is stored."""
    return sealer.seal(msgspec.msgpack.encode(profile), _PROFILE, 0)


def opened_profile(sealer: ItemSealer, sealed: bytes) -> MemberProfile:
    """Return a stored profile.

    raises: EcholessError(INTERNAL_ERROR) where it was changed
    """
    return msgspec.msgpack.decode(sealer.open(sealed, _PROFILE, 0), type=MemberProfile)


def read_profile(reader: HistoryReader, member: Member) -> MemberProfile:
    """Return who a member is; a step for the reader's thread.

    raises: EcholessError(NOT_FOUND) where the member was removed meanwhile
    """
    sealer = reader.sealer(member.workspace_id, member.user_id)
    if sealer is None:
        raise EcholessError(ErrorCode.NOT_FOUND, "There is no member with this id.")
    return opened_profile(sealer, member.sealed_profile)


def load_members(vault: sa.Connection) -> list[Member]:
    """Return all members, oldest first."""
    table = schema.members
    rows = vault.execute(sa.select(table).order_by(table.c.created_unix, table.c.user_id)).mappings()
    return [Member(**{**dict(row), "role": MemberRole(row["role"])}) for row in rows]


def load_sessions(vault: sa.Connection) -> list[Session]:
    """Return all sessions, those that have expired included."""
    rows = vault.execute(sa.select(schema.member_sessions)).mappings()
    return [Session(**dict(row)) for row in rows]
