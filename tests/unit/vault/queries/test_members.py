"""Questions about people: nobody lets in whom they could not be, and foreign ids are nobody's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.control import StoreAccess
from echoless.crossing.member_records import (
    ChangeGroup,
    ChangePassword,
    CloseSessions,
    CreateGroup,
    DeleteGroup,
    EditMember,
    GetSignOn,
    GroupList,
    Invite,
    ListGroups,
    ListMembers,
    ListSessions,
    LogIn,
    MemberList,
    RemoveSignOn,
    SessionList,
    SessionOpened,
    SetSignOn,
    SetUsageLimit,
    SignOnView,
    WithdrawInvitation,
)
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    Done,
)
from echoless.crossing.records import OpenTicket, Record, Refused, TicketGranted
from echoless.crossing.socket_records import MintToken, TokenKind, TokenMinted
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.vault import Vault
from echoless.vault.stores.roles import SCOPES_BY_ROLE, MemberRole
from tests.fakes.gateway_double import KEY, TTS, GatewayDouble
from tests.fakes.people import ADDRESS, PASSWORD, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
MEMBERS, INVITES, GROUPS = "/v1/workspace/members", "/v1/workspace/invites", "/v1/workspace/groups"
INVITE = f"POST {INVITES}/add"
EDITOR = "editor@example.org"


@pytest.fixture
def stores() -> StoreAccess:
    """One pair of stores is enough: what is stored is tried on both where identity is tested."""
    return StoreAccess()


@pytest.fixture
async def people(vault: Vault) -> AsyncIterator[Vault]:
    """The vault with an owner and an editor."""
    await add_member(vault.identity, only_workspace(vault), ADDRESS)
    await add_member(vault.identity, only_workspace(vault), EDITOR, MemberRole.EDITOR)
    yield vault


def only_workspace(vault: Vault) -> str:
    (workspace_id,) = vault.identity.people.accounts.workspaces
    return workspace_id


async def token_of(gateway: GatewayDouble, address: str = EDITOR) -> str:
    return (await gateway.ask(LogIn(address, PASSWORD), SessionOpened)).token


def bounded_key(vault: Vault, **changes: Any) -> str:
    """Change the first key to have bounds; return it."""
    accounts = vault.identity.people.accounts
    (key,) = accounts.keys.values()
    accounts.put_key(replace(key, **changes))
    return KEY


async def members_of(gateway: GatewayDouble, key: str = KEY) -> dict[str, Any]:
    listed = await gateway.question(f"GET {MEMBERS}", ListMembers(), MemberList, key)
    return {one.address: one for one in listed.members}


async def test_members_are_listed_with_what_they_may_and_whether_they_are_there(
    people: Vault, gateway: GatewayDouble
) -> None:
    await token_of(gateway)
    found = await members_of(gateway)
    assert (found[ADDRESS.lower()].role, found[ADDRESS.lower()].is_owner) == ("admin", True)
    assert (found[EDITOR].role, found[EDITOR].session_count) == ("editor", 1)


BOUNDS: tuple[dict[str, Any], ...] = (
    {"scopes": frozenset({"workspace_members_invite"})},
    {"scopes": SCOPES_BY_ROLE[MemberRole.EDITOR] or frozenset()},
    {"character_limit": 10**6},
    {"expires_unix": 2_000_000_000},
    {"retention": RetentionMode.ZERO},
)


@pytest.mark.parametrize("bounds", BOUNDS, ids=lambda bounds: next(iter(bounds)))
async def test_a_key_with_bounds_makes_no_member_without_them(
    people: Vault, gateway: GatewayDouble, bounds: dict[str, Any]
) -> None:
    """Else a key that may only invite could make an administrator, who may do everything."""
    if "scopes" in bounds:
        bounds = {"scopes": bounds["scopes"] | {"workspace_members_invite"}}
    key = bounded_key(people, **bounds)
    refused = await gateway.question(INVITE, Invite(["new@example.org"], "admin"), Refused, key)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS
    assert not people.identity.passes.invitations_of(only_workspace(people))


async def test_who_has_what_a_role_has_may_give_it(people: Vault, gateway: GatewayDouble) -> None:
    scopes = (SCOPES_BY_ROLE[MemberRole.EDITOR] or frozenset()) | {"workspace_members_invite", "workspace_write"}
    key = bounded_key(people, scopes=scopes)
    await gateway.question(INVITE, Invite(["new@example.org"], "editor"), Done, key)
    edit = f"POST {MEMBERS}"
    await gateway.question(edit, EditMember(EDITOR, role="viewer"), Done, key)
    # Neither up to a role that the key has not, nor anything of a member who has one.
    for record in (EditMember(EDITOR, role="admin"), EditMember(ADDRESS, is_locked=True)):
        assert (await gateway.question(edit, record, Refused, key)).code == ErrorCode.MISSING_PERMISSIONS


async def test_an_editor_neither_invites_nor_changes_anybody(people: Vault, gateway: GatewayDouble) -> None:
    token = await token_of(gateway)
    asked: tuple[tuple[str, Record], ...] = (
        (INVITE, Invite(["new@example.org"], "viewer")),
        (f"POST {MEMBERS}", EditMember(EDITOR, role="admin")),
        (f"POST {GROUPS}", CreateGroup("g")),
        ("PUT /v1/workspace/sign-on", SetSignOn("https://i.test", "c", "s", "https://r.test", [], "viewer")),
    )
    for endpoint, _record in asked:
        refused = await gateway.ask(OpenTicket(endpoint, token, Switch.ABSENT), Refused)
        assert refused.code == ErrorCode.MISSING_PERMISSIONS
    assert (await members_of(gateway, token))[EDITOR].role == "editor"


async def test_a_locked_member_is_out_at_once_also_with_a_ticket_in_hand(
    people: Vault, gateway: GatewayDouble
) -> None:
    token = await token_of(gateway)
    granted = await gateway.open(f"GET {MEMBERS}", key=token, voice_id="")
    await gateway.question(f"POST {MEMBERS}", EditMember(EDITOR, is_locked=True), Done)
    refused = await gateway.ask(ListMembers(), Refused, granted.ticket_id)
    assert refused.code == ErrorCode.INVALID_API_KEY
    assert (await gateway.ask(OpenTicket(TTS, token, Switch.ABSENT), Refused)).code == ErrorCode.INVALID_API_KEY


async def test_a_token_that_a_member_made_ends_with_the_session(people: Vault, gateway: GatewayDouble) -> None:
    token = await token_of(gateway)
    endpoint, question = "POST /v1/single-use-token/{token_type}", MintToken(TokenKind.TTS_WEBSOCKET, False)
    first = await gateway.question(endpoint, question, TokenMinted, token)
    second = await gateway.question(endpoint, question, TokenMinted, token)
    socket = "WS /v1/text-to-speech/{voice}/stream-input"
    await gateway.ask(OpenTicket(socket, first.secret, Switch.ABSENT, is_token=True), TicketGranted)
    await gateway.question("POST /v1/workspace/logout", CloseSessions(), Done, token)
    refused = await gateway.ask(OpenTicket(socket, second.secret, Switch.ABSENT, is_token=True), Refused)
    assert refused.code == ErrorCode.INVALID_TOKEN


async def test_what_members_do_is_on_the_trail_by_their_id(people: Vault, gateway: GatewayDouble) -> None:
    owner = people.identity.people.with_address(ADDRESS.lower())
    assert owner is not None
    token = await token_of(gateway, ADDRESS)
    await gateway.question(INVITE, Invite(["new@example.org"], "viewer"), Done, token)
    await gateway.question(f"DELETE {INVITES}", WithdrawInvitation("NEW@example.org"), Done, token)
    page = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(100), AuditEntries)
    mine = [entry.activity for entry in page.entries if entry.actor_id == owner.user_id]
    assert mine == ["invitation.withdraw", "invitation.create", "session.open"]
    assert "example" not in str([(one.actor_id, one.activity, one.target_id) for one in page.entries])


async def test_a_usage_limit_and_groups(people: Vault, gateway: GatewayDouble) -> None:
    editor = (await members_of(gateway))[EDITOR]
    await gateway.question(f"PUT {MEMBERS}/{{user}}/usage-limit", SetUsageLimit(editor.user_id, 7), Done)
    assert (await members_of(gateway))[EDITOR].character_limit == 7
    (group,) = (await gateway.question(f"POST {GROUPS}", CreateGroup("g"), GroupList)).groups
    refused = await gateway.question(f"POST {GROUPS}", CreateGroup("g"), Refused)
    assert refused.code == ErrorCode.INVALID_PARAMETERS
    move = ChangeGroup(group.group_id, EDITOR, True)
    await gateway.question(f"POST {GROUPS}/{{group}}/members", move, Done)
    (found,) = (await gateway.question(f"GET {GROUPS}/search", ListGroups("g"), GroupList)).groups
    assert (found.user_ids, found.addresses) == ([editor.user_id], [EDITOR])
    await gateway.question(f"DELETE {GROUPS}/{{group}}", DeleteGroup(group.group_id), Done)
    assert (await gateway.question(f"GET {GROUPS}", ListGroups(), GroupList)).groups == []


async def test_ids_and_addresses_of_another_workspace_are_answered_like_ones_that_never_were(
    people: Vault, gateway: GatewayDouble
) -> None:
    workspace, _, secret = await people.administration.create_workspace("other", "enterprise", is_entitled=True)
    foreign = await add_member(people.identity, workspace.workspace_id, "foreign@example.org")
    (group,) = (await gateway.question(f"POST {GROUPS}", CreateGroup("g"), GroupList, secret)).groups
    usage = f"PUT {MEMBERS}/{{user}}/usage-limit"
    pairs: tuple[tuple[str, Record, Record], ...] = (
        (usage, SetUsageLimit(foreign.user_id, 1), SetUsageLimit("A" * 20, 1)),
        (f"POST {MEMBERS}", EditMember("foreign@example.org"), EditMember("never@example.org")),
        (f"DELETE {GROUPS}/{{group}}", DeleteGroup(group.group_id), DeleteGroup("A" * 20)),
        (f"DELETE {INVITES}", WithdrawInvitation("foreign@example.org"), WithdrawInvitation("never@example.org")),
    )
    for endpoint, theirs, nobodys in pairs:
        answers = [await gateway.question(endpoint, record, Refused) for record in (theirs, nobodys)]
        assert answers[0].code == ErrorCode.NOT_FOUND
        assert answers[0] == answers[1]
    assert "foreign@example.org" not in await members_of(gateway)


async def test_one_sees_and_closes_ones_own_sessions_only(people: Vault, gateway: GatewayDouble) -> None:
    theirs = await gateway.ask(LogIn(ADDRESS, PASSWORD), SessionOpened)
    mine = await gateway.ask(LogIn(EDITOR, PASSWORD), SessionOpened)
    listed = await gateway.question("GET /v1/workspace/sessions", ListSessions(), SessionList, mine.token)
    assert [(one.session_id, one.is_own) for one in listed.sessions] == [(mine.session_id, True)]
    close = "DELETE /v1/workspace/sessions/{session}"
    refused = await gateway.question(close, CloseSessions(theirs.session_id), Refused, mine.token)
    assert refused.code == ErrorCode.NOT_FOUND
    await gateway.question("DELETE /v1/workspace/sessions", CloseSessions(is_all=True), Done, mine.token)
    assert (await gateway.ask(OpenTicket(TTS, mine.token, Switch.ABSENT), Refused)).code == "invalid_api_key"
    await gateway.open(key=theirs.token)


async def test_an_api_key_has_neither_sessions_nor_a_password(people: Vault, gateway: GatewayDouble) -> None:
    asked: tuple[tuple[str, Record], ...] = (
        ("GET /v1/workspace/sessions", ListSessions()), ("POST /v1/workspace/logout", CloseSessions()),
        ("POST /v1/workspace/password", ChangePassword("a", "b" * 20)),
    )  # fmt: skip
    for endpoint, record in asked:
        assert (await gateway.question(endpoint, record, Refused)).code == ErrorCode.INVALID_PARAMETERS


async def test_a_sign_on_is_named_shown_without_its_secret_and_taken_away(
    people: Vault, gateway: GatewayDouble
) -> None:
    put = SetSignOn("https://i.test", "client", "the secret", "https://r.test", ["Example.org"], "viewer")
    view = await gateway.question("PUT /v1/workspace/sign-on", put, SignOnView)
    assert (view.issuer, view.domains) == ("https://i.test", ["example.org"])
    assert "secret" not in str([getattr(view, name) for name in SignOnView.__struct_fields__])
    admin = SetSignOn("https://i.test", "client", "the secret", "https://r.test", [], "admin")
    assert (await gateway.question("PUT /v1/workspace/sign-on", admin, Refused)).param == "default_role"
    await gateway.question("DELETE /v1/workspace/sign-on", RemoveSignOn(), Done)
    assert (await gateway.question("GET /v1/workspace/sign-on", GetSignOn(), Refused)).code == "not_found"


async def test_who_is_no_administrator_names_nobody_who_vouches_for_one(
    people: Vault, gateway: GatewayDouble
) -> None:
    """Whoever is the provider may name an administrator's address; so a first login's role is not all it gives."""
    scopes = (SCOPES_BY_ROLE[MemberRole.EDITOR] or frozenset()) | {"workspace_write"}
    key = bounded_key(people, scopes=scopes)
    put = SetSignOn("https://i.test", "client", "the secret", "https://r.test", [], "viewer")
    refused = await gateway.question("PUT /v1/workspace/sign-on", put, Refused, key)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS


async def test_a_group_that_is_not_there_is_not_given_with_an_invitation(
    people: Vault, gateway: GatewayDouble
) -> None:
    refused = await gateway.question(INVITE, Invite(["new@example.org"], "viewer", ["A" * 20]), Refused)
    assert refused.code == ErrorCode.NOT_FOUND
    assert not people.identity.passes.invitations_of(only_workspace(people))
