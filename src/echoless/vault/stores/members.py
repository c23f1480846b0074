"""Members at rest: who they are is sealed with a key of their own, and looked up by digests.

Their sessions, the passes that let somebody in once, and their groups lie beside them. A member's key is destroyed
with the member; from then on no copy says who it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.membership import Group, Member, Pass, PassKind, Session
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.writing import Row

_PROFILE: Final = "profile"
_HOLDER: Final = "holder"
_PROVIDER: Final = "provider"


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


def load_members(vault: sa.Connection) -> list[Member]:
    """Return all members, oldest first."""
    table = schema.members
    rows = vault.execute(sa.select(table).order_by(table.c.created_unix, table.c.user_id)).mappings()
    return [Member(**{**dict(row), "role": MemberRole(row["role"])}) for row in rows]


def load_sessions(vault: sa.Connection) -> list[Session]:
    """Return all sessions, those that have expired included."""
    rows = vault.execute(sa.select(schema.member_sessions)).mappings()
    return [Session(**dict(row)) for row in rows]


# --- passes, groups and sign-ons -------------------------------------------------------------------------------


def pass_row(one: Pass) -> Row:
    """Return the row of a pass."""
    row = {name: getattr(one, name) for name in Pass.__slots__}
    return row | {"kind": one.kind.value, "role": one.role.value, "group_ids": list(one.group_ids)}


def sealed_holder(sealer: ItemSealer, address: str) -> bytes:
    """Return the address that a pass is for, as it is stored."""
    return sealer.seal(address.encode("utf-8"), _HOLDER, 0)


def opened_holder(sealer: ItemSealer, sealed: bytes) -> str:
    """Return the address that a pass is for."""
    return sealer.open(sealed, _HOLDER, 0).decode("utf-8")


def load_passes(reader: HistoryReader) -> list[Pass]:
    """Return all passes, those that have expired included; a step for the reader's thread."""
    table = schema.member_passes
    with reader.vault.begin():
        rows = (
            reader.vault.execute(sa.select(table).order_by(table.c.created_unix, table.c.pass_id)).mappings().all()
        )
    return [_pass(dict(row)) for row in rows]


def _pass(row: Row) -> Pass:
    changed = {"kind": PassKind(row["kind"]), "role": MemberRole(row["role"]), "group_ids": tuple(row["group_ids"])}
    return Pass(**{**row, **changed})


def load_groups(reader: HistoryReader) -> list[Group]:
    """Return all groups with their members, oldest first; a step for the reader's thread."""
    table, inside = schema.member_groups, schema.group_memberships
    ordered = sa.select(inside).order_by(inside.c.added_unix, inside.c.user_id)
    with reader.vault.begin():
        rows = (
            reader.vault.execute(sa.select(table).order_by(table.c.created_unix, table.c.group_id)).mappings().all()
        )
        pairs = reader.vault.execute(ordered).all()
    users: dict[str, list[str]] = {}
    for pair in pairs:
        users.setdefault(pair.group_id, []).append(pair.user_id)
    return [Group(**dict(row), user_ids=tuple(users.get(row["group_id"], ()))) for row in rows]


def group_row(group: Group) -> Row:
    """Return the row of a group, without its members."""
    return {name: getattr(group, name) for name in Group.__slots__ if name != "user_ids"}


def sealers_of(reader: HistoryReader, ids: Sequence[tuple[str, str]]) -> dict[str, ItemSealer]:
    """Return what opens the things of these workspaces and ids; those without a key are left out."""
    found = {item_id: reader.sealer(workspace_id, item_id) for workspace_id, item_id in ids}
    return {item_id: sealer for item_id, sealer in found.items() if sealer is not None}


class Provider(msgspec.Struct, frozen=True, array_like=True):
    """An identity provider and what we are to it. It prints no value.

    domains:      of addresses for whom a member is made at the first login
    default_role: of those
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_url: str
    domains: tuple[str, ...] = ()
    default_role: str = MemberRole.VIEWER.value

    def __repr__(self) -> str:
        return "<Provider>"


def provider_row(workspace_id: str, sealer: ItemSealer, sign_on_id: str, created_unix: int, named: Provider) -> Row:
    """Return the row of a sign-on."""
    return {
        "sign_on_id": sign_on_id,
        "workspace_id": workspace_id,
        "created_unix": created_unix,
        "sealed_provider": sealer.seal(msgspec.msgpack.encode(named), _PROVIDER, 0),
    }


def load_providers(reader: HistoryReader) -> list[tuple[str, tuple[str, int, ItemSealer, Provider]]]:
    """Return workspace, and id, time, sealer and provider of every sign-on; a step for the reader's thread."""
    with reader.vault.begin():
        rows = reader.vault.execute(sa.select(schema.sign_ons)).all()
    found = []
    for row in rows:
        sealer = reader.sealer(row.workspace_id, row.sign_on_id)
        if sealer is not None:
            opened = sealer.open(row.sealed_provider, _PROVIDER, 0)
            named = msgspec.msgpack.decode(opened, type=Provider)
            found.append((row.workspace_id, (row.sign_on_id, int(row.created_unix), sealer, named)))
    return found
