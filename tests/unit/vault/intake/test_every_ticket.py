"""Every generation that had a ticket has a receipt, however it ended, and the receipt holds the closed list alone
(C8, T42).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import sqlalchemy as sa

from echoless.core.ids import TicketId
from echoless.core.journal import MemoryJournal
from echoless.crossing.operator_policy_records import OperatorSetPolicy
from echoless.crossing.records import (
    Cancel,
    CloseStatus,
    OpenTicket,
    Refused,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.crossing.socket_records import BeginGeneration, MintToken, OpenContext, TokenKind, TokenMinted
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import Receipt
from echoless.retention.decision import Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores import schema
from echoless.vault.stores.policies import hash_of
from tests.fakes.gateway_double import (
    FORMAT,
    KEY,
    MODEL,
    TTS,
    VOICE,
    GatewayDouble,
    TurnedClock,
    closing,
    config_for,
)

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z31")]
STREAM: Final = "WS /v1/text-to-speech/{voice}/stream-input"
MULTI: Final = "WS /v1/text-to-speech/{voice}/multi-stream-input"
MINT: Final = "POST /v1/single-use-token/{token_type}"
CODE: Final = "voice_not_found"


@asynccontextmanager
async def gateway(directory: Path, clock: TurnedClock) -> AsyncIterator[tuple[Vault, GatewayDouble]]:
    opened = open_vault(config_for(directory), clock, MemoryJournal())
    async with opened as vault, GatewayDouble.connected(vault) as double:
        yield vault, double


async def answered(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(TTS, switch)
    await double.reserve(granted, 5, UnitsReserved)
    await double.close(granted, TicketClosed)
    return granted.request_id


async def refused_after_the_body(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(TTS, switch)
    await double.close(granted, TicketClosed, CloseStatus.REFUSED, http_status=404, error_code=CODE)
    return granted.request_id


async def failed(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(TTS, switch)
    await double.reserve(granted, 5, UnitsReserved)
    await double.close(granted, TicketClosed, CloseStatus.FAILED, http_status=500, error_code="internal_error")
    return granted.request_id


async def left_by_the_client(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(TTS, switch)
    await double.close(granted, TicketClosed, CloseStatus.CLIENT_LEFT, http_status=0)
    return granted.request_id


async def withdrawn(double: GatewayDouble, switch: Switch) -> str:
    """The client left between the grant and the next word: its gateway cancels the question."""
    with double.link.exchange(TicketId(bytes(16))) as exchange:
        exchange.post(OpenTicket(TTS, KEY, switch, VOICE))
        granted = double.link.registry.decode(await asyncio.wait_for(exchange.receive(), 20))
        assert isinstance(granted, TicketGranted)
        exchange.post(Cancel())
    return granted.request_id


async def gateway_died(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(TTS, switch)
    double.link.abort()
    return granted.request_id


async def socket(double: GatewayDouble, switch: Switch) -> str:
    granted = await double.open(STREAM, switch)
    await double.ask(BeginGeneration(MODEL, FORMAT, 10), UnitsReserved, granted.ticket_id)
    await double.close(granted, TicketClosed, http_status=1000)
    return granted.request_id


async def socket_with_contexts(double: GatewayDouble, switch: Switch) -> str:
    """They are one request, and have one receipt."""
    granted = await double.open(MULTI, switch)
    for _ in range(2):
        context = await double.ask(OpenContext(), TicketGranted, granted.ticket_id)
        assert context.request_id == granted.request_id
    await double.close(granted, TicketClosed, http_status=1000)
    return granted.request_id


async def by_token(double: GatewayDouble, switch: Switch) -> str:
    question = MintToken(TokenKind.TTS_WEBSOCKET, switch is Switch.LOGGING_OFF)
    minted = await double.question(MINT, question, TokenMinted)
    opening = OpenTicket(STREAM, minted.secret, Switch.ABSENT, VOICE, is_token=True)
    granted = await double.ask(opening, TicketGranted)
    await double.close(granted, TicketClosed, http_status=1000)
    return granted.request_id


async def still_open(double: GatewayDouble, switch: Switch) -> str:
    """The server is stopped under it."""
    return (await double.open(TTS, switch)).request_id


Way = Callable[[GatewayDouble, Switch], Awaitable[str]]
WAYS: Final[tuple[Way, ...]] = (
    answered, refused_after_the_body, failed, left_by_the_client, withdrawn, gateway_died, socket,
    socket_with_contexts, by_token, still_open,
)  # fmt: skip


def name_of(way: Way) -> str:
    return getattr(way, "__name__", "way")


async def receipts(directory: Path, clock: TurnedClock) -> list[Receipt]:
    """All receipts of a data directory, checked."""
    async with gateway(directory, clock) as (vault, _):
        keys = {"keys": vault.proving.keys.receipt_keys()}
        wanted = sa.select(schema.receipts.c.signed)
        found = await vault._storage.writer.run(
            lambda connections: connections.vault.execute(wanted).scalars().all()
        )
        return [check_receipt({"receipt": signed}, keys).receipt for signed in found]


@pytest.mark.parametrize("switch", [Switch.LOGGING_OFF, Switch.ABSENT])
@pytest.mark.parametrize("way", WAYS, ids=name_of)
async def test_each_ticket_has_one_receipt_however_it_ended(
    tmp_path: Path, clock: TurnedClock, way: Way, switch: Switch
) -> None:
    async with gateway(tmp_path, clock) as (_, double):
        request_id = await way(double, switch)
    (receipt,) = await receipts(tmp_path, clock)
    assert receipt.request_id == request_id
    assert receipt.mode == ("zero" if switch is Switch.LOGGING_OFF else "default")


async def test_who_was_refused_before_a_ticket_or_only_asked_has_none(tmp_path: Path, clock: TurnedClock) -> None:
    async with gateway(tmp_path, clock) as (_, double):
        await double.ask(OpenTicket(TTS, "not-a-key-of-anybody", Switch.LOGGING_OFF, VOICE), Refused)
        await double.question(MINT, MintToken(TokenKind.TTS_WEBSOCKET, False), TokenMinted)
    assert await receipts(tmp_path, clock) == []


async def test_what_a_gateway_says_gets_into_a_receipt_through_closed_sets_alone(
    tmp_path: Path, clock: TurnedClock
) -> None:
    """A gateway that is not honest cannot write words of a request into what is signed."""
    secret = "smith_has_measles"
    async with gateway(tmp_path, clock) as (_, double):
        granted = await double.open(TTS, Switch.LOGGING_OFF)
        lie: Any = msgspec.structs.replace(closing(), error_code=secret, http_status=777)
        await double.ask(lie, TicketClosed, granted.ticket_id)
    (receipt,) = await receipts(tmp_path, clock)
    assert (receipt.error_code, receipt.http_status) == ("other", 0)
    assert secret not in str(receipt.statement())


async def test_a_receipt_names_the_policy_that_its_request_was_decided_under(
    tmp_path: Path, clock: TurnedClock
) -> None:
    """A socket may be open for long; version and hash are those of its beginning, not of its end."""
    async with gateway(tmp_path, clock) as (vault, double):
        (workspace,) = vault.administration.accounts.workspaces.values()
        granted = await double.open(TTS, Switch.ABSENT)
        await vault.operate(OperatorSetPolicy(workspace.workspace_id, is_enforced=True))
        assert vault.administration.accounts.workspaces[workspace.workspace_id].is_enforced
        await double.close(granted, TicketClosed)
    (receipt,) = await receipts(tmp_path, clock)
    assert (receipt.policy_version, receipt.policy_hash) == (workspace.policy_version, hash_of(workspace))
