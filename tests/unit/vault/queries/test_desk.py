"""Who may ask what."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.query_records import (
    QUERY_RECORDS,
    CreateServiceAccount,
    DeleteHistoryItem,
    GetAccount,
    GetZeroRetention,
    ListHistory,
    ListRequests,
    ListServiceAccounts,
    ReadItemAudio,
    SetZeroRetention,
)
from echoless.crossing.records import Record, Refused, TicketClosed
from echoless.vault.service import Vault
from tests.fakes.gateway_double import KEY, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
QUESTIONS = [
    ListHistory(1), DeleteHistoryItem("i"), ReadItemAudio("i", 1), ListRequests(0, 0, 1), GetZeroRetention(),
    SetZeroRetention(), ListServiceAccounts(), CreateServiceAccount("n"),
]  # fmt: skip


def limit_key(vault: Vault, *scopes: str) -> None:
    accounts = vault.administration.accounts
    key = next(iter(accounts.keys.values()))
    accounts.put_key(replace(key, scopes=frozenset(scopes)))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: type(question).__name__)
async def test_a_ticket_gives_no_right_to_questions_beyond_the_keys_scopes(
    vault: Vault, gateway: GatewayDouble, question: Record
) -> None:
    """A gateway that asks more than the endpoint needs still meets the scope."""
    limit_key(vault, "user_read")
    granted = await gateway.open("GET /v1/user", voice_id="")
    refused = await gateway.ask(question, Refused, granted.ticket_id)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS


async def test_a_key_that_was_disabled_meanwhile_asks_nothing_more(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open("GET /v1/user", voice_id="")
    accounts = vault.administration.accounts
    key = accounts.keys[next(iter(accounts.keys))]
    accounts.put_key(replace(key, is_disabled=True))
    refused = await gateway.ask(GetAccount(), Refused, granted.ticket_id)
    assert refused.code == ErrorCode.INVALID_API_KEY
    assert (await gateway.close(granted, TicketClosed)).is_kept is False


async def test_a_question_without_an_open_ticket_is_refused(gateway: GatewayDouble) -> None:
    refused = await gateway.ask(GetAccount(), Refused)
    assert refused.code == ErrorCode.UNKNOWN_TICKET


async def test_an_answer_sent_as_a_question_cuts_the_link(gateway: GatewayDouble) -> None:
    gateway.link.post(TicketClosed(True), correlation=9)
    while not gateway.link.is_closed:
        await asyncio.sleep(0.001)


async def test_every_question_of_the_crossing_has_an_answer(vault: Vault) -> None:
    vault_questions = {record.__name__ for record in vault._queries._questions} | {"ReadItemAudio"}
    asking = {
        record.__name__ for record in QUERY_RECORDS if record.__name__.startswith(("Get", "List", "Read", "Check"))
    }
    assert asking <= vault_questions
    assert {"EditKey", "DeleteKey", "CreateKey", "DisableOwnKey", "EditVoiceSettings"} <= vault_questions


async def test_too_many_questions_at_once_are_told_to_come_again(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    from echoless.vault import service

    monkeypatch.setattr(service, "_QUESTIONS_MAX", 0)
    granted = await gateway.open("GET /v1/user", voice_id="", key=KEY)
    refused = await gateway.ask(GetAccount(), Refused, granted.ticket_id)
    assert (refused.code, refused.retry_after_s) == (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, 1)
