"""The operator's door to members."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.account_records import MemberRemoved
from echoless.crossing.member_records import (
    LogIn,
    MemberList,
    OperatorAddMember,
    OperatorChangeMember,
    OperatorListMembers,
    SessionOpened,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import OpenTicket, Refused
from echoless.retention.decision import Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import TTS, GatewayDouble
from tests.fakes.people import ADDRESS, PASSWORD

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def added(vault: Vault, **changes: Any) -> str:
    (workspace_id,) = vault.identity.people.accounts.workspaces
    made = await vault.operate(OperatorAddMember(workspace_id, ADDRESS, "admin", PASSWORD, **changes))
    assert isinstance(made, MemberList), made
    return made.members[0].user_id


async def test_a_member_is_made_listed_changed_and_removed(vault: Vault, gateway: GatewayDouble) -> None:
    user_id = await added(vault, first_name="Ada")
    (workspace_id,) = vault.identity.people.accounts.workspaces
    listed = await vault.operate(OperatorListMembers(workspace_id))
    assert isinstance(listed, MemberList)
    assert [(one.address, one.first_name, one.is_owner) for one in listed.members] == [
        (ADDRESS.lower(), "Ada", True)
    ]
    opened = await gateway.ask(LogIn(ADDRESS, PASSWORD), SessionOpened)
    assert await vault.operate(OperatorChangeMember(user_id, password="another long word")) == Done()
    assert isinstance(await gateway.ask(OpenTicket(TTS, opened.token, Switch.ABSENT), Refused), Refused)
    again = await gateway.ask(LogIn(ADDRESS, "another long word"), SessionOpened)
    assert await vault.operate(OperatorChangeMember(user_id, closes_sessions=True)) == Done()
    assert isinstance(await gateway.ask(OpenTicket(TTS, again.token, Switch.ABSENT), Refused), Refused)
    # The operator may take the owner's role, too.
    assert await vault.operate(OperatorChangeMember(user_id, role="viewer", is_locked=True)) == Done()
    member = vault.identity.people.accounts.members[user_id]
    assert (member.role, member.is_locked) == ("viewer", True)
    gone = await vault.operate(OperatorChangeMember(user_id, is_removed=True))
    assert isinstance(gone, MemberRemoved)
    assert (gone.user_id, gone.removed["profile"]) == (user_id, 1)
    assert not vault.identity.people.accounts.members


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (OperatorListMembers("nowhere"), ErrorCode.NOT_FOUND),
        (OperatorAddMember("nowhere", ADDRESS, "admin"), ErrorCode.NOT_FOUND),
        (OperatorChangeMember("nobody", role="admin"), ErrorCode.NOT_FOUND),
        (OperatorChangeMember("nobody", role="king"), ErrorCode.INVALID_PARAMETERS),
        (OperatorChangeMember("nobody", password="short"), ErrorCode.INVALID_PARAMETERS),
    ],
)
async def test_what_cannot_be_is_refused(vault: Vault, question: Any, code: ErrorCode) -> None:
    answer = await vault.operate(question)
    assert isinstance(answer, Refused)
    assert answer.code == code
