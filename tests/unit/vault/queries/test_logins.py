"""Questions that need no ticket: they are answered, and nothing else is."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.control import StoreAccess
from echoless.crossing.member_records import (
    AcceptInvitation,
    FinishSignOn,
    ListMembers,
    LogIn,
    RequestPasswordReset,
    ResetPassword,
    SessionOpened,
    StartSignOn,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record, Refused
from echoless.vault.identity.throttle import FREE_FAILURES
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble
from tests.fakes.people import ADDRESS, PASSWORD, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CODE = "ep_" + "0" * 48


@pytest.fixture
def stores() -> StoreAccess:
    """One pair of stores is enough: what is stored is tried on both where identity is tested."""
    return StoreAccess()


async def test_whoever_logs_in_needs_no_ticket_and_gets_a_credential(vault: Vault, gateway: GatewayDouble) -> None:
    (workspace_id,) = vault.identity.people.accounts.workspaces
    member = await add_member(vault.identity, workspace_id, ADDRESS)
    opened = await gateway.ask(LogIn(ADDRESS, PASSWORD), SessionOpened)
    assert (opened.user_id, opened.workspace_id, opened.role) == (member.user_id, workspace_id, "admin")
    await gateway.open(key=opened.token)


async def test_a_failure_says_when_to_come_again_once_it_is_slowed(gateway: GatewayDouble) -> None:
    answers = [await gateway.ask(LogIn(ADDRESS, "wrong"), Refused) for _ in range(FREE_FAILURES + 1)]
    assert [one.code for one in answers] == [ErrorCode.INVALID_CREDENTIALS] * FREE_FAILURES + [
        ErrorCode.CONCURRENT_LIMIT_EXCEEDED
    ]
    assert answers[-1].retry_after_s >= 1


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (AcceptInvitation(CODE, PASSWORD), ErrorCode.INVALID_TOKEN),
        (ResetPassword(CODE, PASSWORD), ErrorCode.INVALID_TOKEN),
        (FinishSignOn(CODE, CODE), ErrorCode.INVALID_TOKEN),
        (StartSignOn("nowhere"), ErrorCode.NOT_FOUND),
        (LogIn("no address", PASSWORD), ErrorCode.INVALID_PARAMETERS),
        (RequestPasswordReset("no address"), ErrorCode.INVALID_PARAMETERS),
    ],
)
async def test_what_proves_nothing_is_refused(gateway: GatewayDouble, question: Record, code: ErrorCode) -> None:
    assert (await gateway.ask(question, Refused)).code == code


async def test_whoever_asks_for_a_code_is_answered_alike(gateway: GatewayDouble) -> None:
    assert await gateway.ask(RequestPasswordReset("nobody@example.org"), Done) == Done()


async def test_any_other_question_needs_a_ticket(gateway: GatewayDouble) -> None:
    assert (await gateway.ask(ListMembers(), Refused)).code == ErrorCode.UNKNOWN_TICKET
