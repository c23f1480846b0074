"""Identity as a whole: what is stored is found again, and what is removed leaves nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.vault.erasure.sweep import sweep
from echoless.vault.identity.identity import Identity
from echoless.vault.stores import schema
from echoless.vault.stores.members import Provider
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.rows import load_accounts
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.people import ADDRESS, PASSWORD, CaughtCodes, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TABLES = (
    schema.members, schema.member_sessions, schema.member_passes, schema.member_groups, schema.group_memberships,
    schema.sign_ons,
)  # fmt: skip


async def counts(storage: Storage) -> dict[str, int]:
    """How many rows each table has, and how many keys there are."""

    def count(connections: Connections) -> dict[str, int]:
        with connections.vault.begin(), connections.keys.begin():
            found = {
                table.name: int(
                    connections.vault.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0
                )
                for table in TABLES
            }
            keys = connections.keys.execute(sa.select(sa.func.count()).select_from(schema.item_keys)).scalar()
            return found | {"keys": int(keys or 0)}

    return await storage.writer.run(count)


async def peopled(identity: Identity, workspace_id: str, codes: CaughtCodes) -> str:
    """Make an owner, and an editor with a session, a code, a group and an invitation; return the editor's id."""
    await add_member(identity, workspace_id, "owner@example.org")
    editor = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR)
    await identity.logins.log_in(ADDRESS, PASSWORD, "")
    await identity.logins.request_reset(ADDRESS, "")
    await identity.logins.finish_sending()
    async with identity.people.one_at_a_time:
        group = await identity.groups.create(workspace_id, "readers", "operator")
        await identity.groups.put(group, editor, "operator", is_in=True)
        wanted = Provider("https://login.example.org", "client", "secret", "https://app.example.org/")
        await identity.sign_ons.set(workspace_id, wanted, "operator")
    await identity.invite(workspace_id, "new@example.org", MemberRole.VIEWER, "operator")
    assert codes.resets and codes.invitations
    return editor.user_id


async def restarted(identity: Identity, storage: Storage, journal: MemoryJournal) -> None:
    """Do what a start does: sweep, and load everything anew."""
    await sweep(storage, journal)
    accounts = storage.accounts
    for memory in (accounts.members, accounts.sessions, accounts._session_by_digest):
        memory.clear()

    def load(connections: Connections) -> None:
        with connections.vault.begin(), connections.keys.begin():
            load_accounts(accounts, connections.vault, connections.keys, storage.keyring)

    await storage.writer.run(load)
    await identity.load()


async def test_everything_is_there_after_a_restart(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes, journal: MemoryJournal
) -> None:
    editor_id = await peopled(identity, workspace_id, codes)
    before = await counts(storage)
    await restarted(identity, storage, journal)
    assert await counts(storage) == before
    assert identity.people.address_of(workspace_id, editor_id) == ADDRESS.lower()
    assert identity.groups.of(workspace_id, "readers")[0].user_ids == (editor_id,)
    assert identity.sign_ons.provider(workspace_id).client_secret == "secret"
    assert len(storage.accounts.sessions) == 1
    await identity.logins.accept(codes.invitations[0][2], PASSWORD, "New")
    await identity.logins.reset_password(codes.resets[0][1], "another long word")


async def test_a_removed_member_leaves_no_row_no_key_and_no_session(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes, journal: MemoryJournal
) -> None:
    editor_id = await peopled(identity, workspace_id, codes)
    async with identity.people.one_at_a_time:
        removal = await identity.remove_member(editor_id, "operator")
    assert removal.removed | {"counters": 0} == {
        "profile": 1, "sessions": 1, "invitations_and_codes": 1, "group_memberships": 1, "counters": 0,
    }  # fmt: skip
    assert (removal.user_id, set(removal.reassigned)) == (editor_id, {"dictionaries"})
    assert await counts(storage) == {
        "members": 1, "member_sessions": 0, "member_passes": 1, "member_groups": 1, "group_memberships": 0,
        "sign_ons": 1, "keys": 3,
    }  # fmt: skip
    assert identity.people.address_of(workspace_id, editor_id) is None
    assert identity.groups.of(workspace_id)[0].user_ids == ()
    with pytest.raises(EcholessError) as caught:
        await identity.logins.reset_password(codes.resets[0][1], "another long word")
    assert caught.value.code is ErrorCode.INVALID_TOKEN
    await restarted(identity, storage, journal)
    assert list(storage.accounts.members) == [
        member.user_id for member in storage.accounts.members_of(workspace_id) if member.is_owner
    ]


async def test_a_member_whose_key_is_destroyed_is_nobody_after_the_next_start(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes, journal: MemoryJournal
) -> None:
    """What a crash left between key and row is finished: nobody is let in whom nobody can name."""
    editor_id = await peopled(identity, workspace_id, codes)

    def destroy(connections: Connections) -> None:
        with connections.keys.begin():
            connections.keys.execute(sa.delete(schema.item_keys).where(schema.item_keys.c.item_id == editor_id))

    await storage.writer.run(destroy)
    await restarted(identity, storage, journal)
    assert editor_id not in storage.accounts.members
    assert not storage.accounts.sessions_of(editor_id)


async def test_time_takes_sessions_and_codes_away(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes, clock: TurnedClock
) -> None:
    await peopled(identity, workspace_id, codes)
    assert await identity.tidy() == 0
    clock.turn(12 * 3600)
    assert await identity.tidy() == 2
    clock.turn(7 * 86_400)
    assert await identity.tidy() == 1
    found = await counts(storage)
    assert (found["member_sessions"], found["member_passes"], found["keys"]) == (0, 0, 3)


async def test_an_invitation_of_a_member_is_not_sent(
    identity: Identity, workspace_id: str, codes: CaughtCodes
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    await identity.invite(workspace_id, ADDRESS.lower(), MemberRole.VIEWER, "operator")
    assert codes.invitations == []


async def test_a_forgotten_workspace_is_in_no_memory(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes
) -> None:
    editor_id = await peopled(identity, workspace_id, codes)
    identity.forget_workspace(workspace_id)
    assert not storage.accounts.members and not storage.accounts.sessions
    assert identity.people.address_of(workspace_id, editor_id) is None
    assert not identity.groups.of(workspace_id) and not identity.passes.invitations_of(workspace_id)
    for code, act in ((codes.invitations[0][2], "accept"), (codes.resets[0][1], "reset")):
        with pytest.raises(EcholessError):
            if act == "accept":
                await identity.logins.accept(code, PASSWORD, "")
            else:
                await identity.logins.reset_password(code, PASSWORD)
