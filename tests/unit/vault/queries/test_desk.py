"""Who may ask what."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.account_records import UNTICKETED_ACCOUNT_RECORDS, GetCertificate, GetCertificateKey
from echoless.crossing.member_records import (
    UNTICKETED_RECORDS,
    AcceptInvitation,
    FinishSignOn,
    LogIn,
    RequestPasswordReset,
    ResetPassword,
    StartSignOn,
)
from echoless.crossing.number_records import (
    ListRequests,
)
from echoless.crossing.operations_records import UNTICKETED_OPERATIONS_RECORDS, AskReadiness, Readiness, ReadMetrics
from echoless.crossing.proof_records import (
    UNTICKETED_LOG_RECORDS,
    GetConsistency,
    GetInclusion,
    ListPolicyChanges,
)
from echoless.crossing.query_records import (
    QUERY_RECORDS,
    Account,
    CreateKey,
    CreateServiceAccount,
    DeleteHistoryItem,
    DeleteKey,
    EditKey,
    GetAccount,
    GetZeroRetention,
    ListHistory,
    ListServiceAccounts,
    ReadItemAudio,
    SetZeroRetention,
)
from echoless.crossing.receipt_records import UNTICKETED_PROOF_RECORDS, GetProofKeys, ReadLogFile
from echoless.crossing.records import Record, Refused, TicketClosed
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
QUESTIONS: list[tuple[str, Record]] = [
    ("GET /v1/history", ListHistory(1)),
    ("DELETE /v1/history/{item}", DeleteHistoryItem("i")),
    ("GET /v1/history/{item}/audio", ReadItemAudio("i", 1)),
    ("POST /v1/workspace/analytics/requests", ListRequests(0, 0, 1)),
    ("GET /v1/workspace/zero-retention", GetZeroRetention()),
    ("PATCH /v1/workspace/zero-retention", SetZeroRetention(is_enforced=False)),
    ("GET /v1/workspace/zero-retention/changes", ListPolicyChanges(1)),
    ("GET /v1/service-accounts", ListServiceAccounts()),
    ("POST /v1/service-accounts", CreateServiceAccount("n")),
    ("POST /v1/service-accounts/{sa}/api-keys", CreateKey("sa", "n", None, None, None, RetentionMode.DEFAULT)),
    ("PATCH /v1/service-accounts/{sa}/api-keys/{key}", EditKey("sa", "k", retention=RetentionMode.DEFAULT)),
    ("DELETE /v1/service-accounts/{sa}/api-keys/{key}", DeleteKey("sa", "k")),
]

UNTICKETED_QUESTIONS: list[Record] = [
    LogIn("nobody@example.com", "a password that is wrong"),
    AcceptInvitation("c", "a password of somebody"),
    RequestPasswordReset("nobody@example.com"),
    ResetPassword("c", "a password of somebody"),
    StartSignOn("w"),
    FinishSignOn("s", "c"),
    ReadLogFile("checkpoint"),
    GetProofKeys(),
    AskReadiness(),
    ReadMetrics(),
    GetCertificate("c"),
    GetCertificateKey(),
    # Of a log that is not so long.
    GetInclusion(9999),
    GetConsistency(9999),
]
NEVER_REFUSED = {RequestPasswordReset, GetProofKeys, AskReadiness, ReadMetrics, GetCertificateKey}


def limit_key(vault: Vault, *scopes: str) -> None:
    accounts = vault.administration.accounts
    key = next(iter(accounts.keys.values()))
    accounts.put_key(replace(key, scopes=frozenset(scopes)))


@pytest.mark.parametrize(("endpoint", "question"), QUESTIONS)
async def test_a_question_needs_the_keys_scope_even_under_its_own_ticket(
    vault: Vault, gateway: GatewayDouble, endpoint: str, question: Record
) -> None:
    """The scope is looked at twice: for the ticket, and for the question."""
    granted = await gateway.open(endpoint, voice_id="")
    limit_key(vault, "user_read")
    refused = await gateway.ask(question, Refused, granted.ticket_id)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS


@pytest.mark.claim("Z8")
@pytest.mark.parametrize(("endpoint", "question"), QUESTIONS)
async def test_a_ticket_of_one_operation_is_no_way_to_another(
    gateway: GatewayDouble, endpoint: str, question: Record
) -> None:
    """A key with every scope: what is open is a look at the account, so nothing else can be asked under it."""
    granted = await gateway.open("GET /v1/user", voice_id="")
    refused = await gateway.ask(question, Refused, granted.ticket_id)
    assert refused.code == ErrorCode.UNKNOWN_TICKET, endpoint


async def test_every_question_belongs_to_an_endpoint_that_exists(vault: Vault) -> None:
    for question in vault._queries._questions.values():
        assert question.endpoints
        assert set(question.endpoints) <= set(ENDPOINT_BY_NAME)


async def test_a_key_that_was_disabled_meanwhile_asks_nothing_more(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open("GET /v1/user", voice_id="")
    accounts = vault.administration.accounts
    key = accounts.keys[next(iter(accounts.keys))]
    accounts.put_key(replace(key, is_disabled=True))
    refused = await gateway.ask(GetAccount(), Refused, granted.ticket_id)
    assert refused.code == ErrorCode.INVALID_API_KEY
    assert (await gateway.close(granted, TicketClosed)).is_kept is False


async def test_a_key_that_ended_meanwhile_asks_nothing_more(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    accounts = vault.administration.accounts
    key = accounts.keys[next(iter(accounts.keys))]
    accounts.put_key(replace(key, expires_unix=clock.unix_ms() // 1000 + 60))
    granted = await gateway.open("GET /v1/user", voice_id="")
    await gateway.ask(GetAccount(), Account, granted.ticket_id)
    clock.turn(60)
    refused = await gateway.ask(GetAccount(), Refused, granted.ticket_id)
    assert refused.code == ErrorCode.INVALID_API_KEY


async def test_a_question_without_an_open_ticket_is_refused(gateway: GatewayDouble) -> None:
    refused = await gateway.ask(GetAccount(), Refused)
    assert refused.code == ErrorCode.UNKNOWN_TICKET


async def test_an_answer_sent_as_a_question_cuts_the_link(gateway: GatewayDouble) -> None:
    gateway.link.post(TicketClosed(True), correlation=9)
    while not gateway.link.is_closed:
        await asyncio.sleep(0.001)


async def test_every_question_of_the_crossing_has_an_answer(vault: Vault) -> None:
    vault_questions = {record.__name__ for record in vault._queries._questions}
    unticketed = {type(question).__name__ for question in UNTICKETED_QUESTIONS}
    asking = {
        record.__name__
        for record in QUERY_RECORDS
        if record.__name__.startswith(("Ask", "Check", "Get", "List", "Read")) and record is not Readiness
    }
    assert asking <= vault_questions | unticketed
    assert not vault_questions & unticketed
    assert {"EditKey", "DeleteKey", "CreateKey", "DisableOwnKey", "EditVoiceSettings"} <= vault_questions


def test_every_record_that_needs_no_ticket_is_asked_here() -> None:
    assert {type(question) for question in UNTICKETED_QUESTIONS} == {
        *UNTICKETED_RECORDS,
        *UNTICKETED_PROOF_RECORDS,
        *UNTICKETED_OPERATIONS_RECORDS,
        *UNTICKETED_ACCOUNT_RECORDS,
        *UNTICKETED_LOG_RECORDS,
    }


async def test_what_needs_no_ticket_is_answered_without_one(gateway: GatewayDouble) -> None:
    """To each its own answer, never that a ticket is missing, and the link stays open."""
    for question in UNTICKETED_QUESTIONS:
        answer = await gateway.ask(question, Record)
        name = type(question).__name__
        if isinstance(answer, Refused):
            assert answer.code != ErrorCode.UNKNOWN_TICKET, name
            assert type(question) not in NEVER_REFUSED, name
        assert not gateway.link.is_closed, name


async def test_too_many_questions_at_once_are_told_to_come_again(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    from echoless.vault.service import vault as service

    monkeypatch.setattr(service, "_QUESTIONS_MAX", 0)
    granted = await gateway.open("GET /v1/user", voice_id="", key=KEY)
    refused = await gateway.ask(GetAccount(), Refused, granted.ticket_id)
    assert (refused.code, refused.retry_after_s) == (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, 1)
