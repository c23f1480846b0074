"""Members and sessions in memory: whose they are, what they may do, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.vault.stores.accounts import Accounts, Caller
from echoless.vault.stores.membership import Member, Session
from echoless.vault.stores.roles import MemberRole
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit
HOUR_S = 3600


def member(user_id: str = "user", role: MemberRole = MemberRole.EDITOR, workspace_id: str = "workspace") -> Member:
    return Member(user_id, workspace_id, role, 1, user_id.encode(), b"sealed")


def accounts_with(clock: TurnedClock, *members: Member) -> Accounts:
    accounts = Accounts(clock)
    for one in members:
        accounts.put_member(one)
    return accounts


def opened(accounts: Accounts, clock: TurnedClock, user_id: str = "user") -> Caller:
    now = clock.unix_ms() // 1000
    accounts.put_session(
        Session(f"of-{user_id}", user_id, "workspace", b"token-" + user_id.encode(), now, now + HOUR_S)
    )
    found = accounts.credential(b"token-" + user_id.encode())
    assert found is not None
    return found.caller


def test_administrators_are_those_of_the_workspace_who_are_not_locked() -> None:
    admin, locked = member("a", MemberRole.ADMIN), replace(member("l", MemberRole.ADMIN), is_locked=True)
    accounts = accounts_with(TurnedClock(), member("e"), admin, locked, member("o", MemberRole.ADMIN, "other"))
    assert accounts.admins_of("workspace") == [admin]
    assert [one.user_id for one in accounts.members_of("workspace")] == ["a", "e", "l"]


def test_a_session_has_the_scopes_of_its_members_role_as_it_is_now() -> None:
    """A change of the role takes effect on the next request."""
    clock = TurnedClock()
    accounts = accounts_with(clock, member())
    caller = opened(accounts, clock)
    rights = accounts.valid_rights_of(caller)
    assert caller.key_id == "user" and caller.is_member
    assert rights is not None and rights.allows("text_to_speech") and not rights.allows("workspace_write")
    accounts.put_member(member(role=MemberRole.VIEWER))
    rights = accounts.valid_rights_of(caller)
    assert rights is not None and not rights.allows("text_to_speech") and rights.allows("speech_history_read")
    accounts.put_member(member(role=MemberRole.ADMIN))
    rights = accounts.valid_rights_of(caller)
    assert rights is not None and rights.scopes is None


@pytest.mark.parametrize("how", ["revoked", "locked", "removed", "expired"])
def test_a_session_that_is_over_opens_nothing(how: str) -> None:
    clock = TurnedClock()
    accounts = accounts_with(clock, member())
    caller = opened(accounts, clock)
    match how:
        case "revoked":
            accounts.drop_session(caller.session_id)
        case "locked":
            accounts.put_member(replace(member(), is_locked=True))
        case "removed":
            accounts.drop_member("user")
        case _:
            clock.turn(HOUR_S)
    assert accounts.credential(b"token-user") is None
    assert accounts.valid_rights_of(caller) is None


def test_a_session_that_expired_stays_so_when_the_time_of_day_is_set_back() -> None:
    clock = TurnedClock()
    accounts = accounts_with(clock, member())
    opened(accounts, clock)
    clock.turn(HOUR_S)
    clock.now_ms -= 2 * HOUR_S * 1000
    assert accounts.credential(b"token-user") is None
