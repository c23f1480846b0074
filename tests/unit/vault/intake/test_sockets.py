"""Tickets of sockets: a place only while something is made, contexts with the socket's decision, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import MemoryJournal
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    CloseStatus,
    OpenTicket,
    Refused,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.crossing.socket_records import (
    BeginGeneration,
    EndGeneration,
    KeepMoreText,
    MintToken,
    OpenContext,
    TokenKind,
    TokenMinted,
)
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import FORMAT, KEY, MODEL, VOICE, GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

STREAM = "WS /v1/text-to-speech/{voice}/stream-input"
MULTI = "WS /v1/text-to-speech/{voice}/multi-stream-input"
ITEM = "GET /v1/history/{item}"
MINT = "POST /v1/single-use-token/{token_type}"
BEGIN = BeginGeneration(MODEL, FORMAT, 10)


@asynccontextmanager
async def gateway(
    directory: Path, clock: TurnedClock | None = None, **changes: Any
) -> AsyncIterator[tuple[Vault, GatewayDouble]]:
    config = config_for(directory, **changes)
    opened = open_vault(config, clock or TurnedClock(), MemoryJournal())
    async with opened as vault, GatewayDouble.connected(vault) as double:
        yield vault, double


def inside(vault: Vault) -> int:
    return vault.intake.running_count


async def context_of(double: GatewayDouble, socket: TicketGranted) -> TicketGranted:
    return await double.ask(OpenContext(), TicketGranted, socket.ticket_id)


async def test_an_open_socket_holds_no_place_and_a_generation_does(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (vault, double):
        socket = await double.open(STREAM)
        assert inside(vault) == 0
        for expected in (1, 1):
            assert (await double.ask(BEGIN, UnitsReserved, socket.ticket_id)).cost == 10
            assert inside(vault) == expected
        for expected in (1, 0, 0):
            double.link.post(EndGeneration(), ticket=TicketId(socket.ticket_id))
            await double.open(ITEM, voice_id="")
            assert inside(vault) == expected


async def test_a_generation_waits_for_a_place_and_is_told_when_there_is_none(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with gateway(tmp_path, clock, concurrent_requests_max=1) as (vault, double):
        first, second, third = [await double.open(STREAM) for _ in range(3)]
        await double.ask(BEGIN, UnitsReserved, first.ticket_id)
        waiting = asyncio.ensure_future(double.ask(BEGIN, UnitsReserved, second.ticket_id))
        await asyncio.sleep(0)
        assert not waiting.done()
        double.link.post(EndGeneration(), ticket=TicketId(first.ticket_id))
        assert (await waiting).cost == 10
        late = asyncio.ensure_future(double.ask(BEGIN, Refused, third.ticket_id))
        await double.open(ITEM, voice_id="")
        clock.turn(11)
        vault.intake.expire()
        assert (await late).code == ErrorCode.CONCURRENT_LIMIT_EXCEEDED.value
        await double.close(second, TicketClosed)
        await double.ask(BEGIN, UnitsReserved, third.ticket_id)


async def test_a_socket_that_closes_while_it_waits_leaves_the_queue(tmp_path: Path) -> None:
    async with gateway(tmp_path, concurrent_requests_max=1) as (vault, double):
        first, second = [await double.open(STREAM) for _ in range(2)]
        await double.ask(BEGIN, UnitsReserved, first.ticket_id)
        with double.link.exchange(TicketId(second.ticket_id)) as exchange:
            exchange.post(BEGIN)
            await double.close(second, TicketClosed, CloseStatus.CLIENT_LEFT)
        await double.close(first, TicketClosed)
        assert inside(vault) == 0


async def test_a_generation_over_the_quota_takes_no_place(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (vault, double):
        socket = await double.open(STREAM)
        (workspace_id,) = vault.intake._accounts.workspaces
        vault.intake._accounts.meter(workspace_id).character_count = 10**12 - 5
        assert (await double.ask(BEGIN, Refused, socket.ticket_id)).code == ErrorCode.QUOTA_EXCEEDED.value
        assert inside(vault) == 0


async def test_units_of_a_socket_are_reserved_with_a_place_only(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        socket = await double.open(STREAM)
        refused = await double.ask(ReserveUnits(MODEL, FORMAT, 1), Refused, socket.ticket_id)
        assert refused.code == ErrorCode.UNKNOWN_TICKET.value


@pytest.mark.claim("Z2")
async def test_a_context_has_its_sockets_decision_whatever_policy_says_by_now(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (vault, double):
        zero = await double.open(MULTI, Switch.LOGGING_OFF)
        kept = await double.open(MULTI)
        vault.host.missing = frozenset({"seccomp"})
        for socket, mode in ((zero, RetentionMode.ZERO), (kept, RetentionMode.DEFAULT)):
            context = await context_of(double, socket)
            assert (context.mode, context.request_id) == (mode, socket.request_id)
            assert bool(context.history_item_id) is (mode is RetentionMode.DEFAULT)
            assert context.ticket_id != socket.ticket_id


async def test_a_context_has_no_contexts_and_a_request_has_none_either(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        context = await context_of(double, await double.open(MULTI))
        request = await double.open()
        for ticket in (context, request):
            assert (await double.ask(OpenContext(), Refused, ticket.ticket_id)).code == "unknown_ticket"


async def test_contexts_of_a_socket_are_bounded(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        socket = await double.open(MULTI)
        for _ in range(32):
            await context_of(double, socket)
        await double.ask(OpenContext(), Refused, socket.ticket_id)


async def test_all_texts_of_a_stream_are_one_item_and_contexts_are_items_of_one_request(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        socket = await double.open(MULTI)
        items = []
        for name in ("first", "second"):
            context = await context_of(double, socket)
            await double.ask(BEGIN, UnitsReserved, context.ticket_id)
            double.keep(context, f"{name} text, ", b"audio")
            double.link.post(KeepMoreText("and more"), ticket=TicketId(context.ticket_id))
            assert (await double.close(context, TicketClosed)).is_kept
            items.append(context.history_item_id)
        assert not (await double.close(socket, TicketClosed)).is_kept
        for name, item_id in zip(("first", "second"), items, strict=True):
            view = await double.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
            assert (view.text, view.request_id) == (f"{name} text, and more", socket.request_id)


@pytest.mark.claim("Z8")
async def test_more_text_for_a_zero_ticket_is_refused_from_its_header(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (vault, double):
        socket = await double.open(MULTI, Switch.LOGGING_OFF)
        context = await context_of(double, socket)
        for ticket in (socket, context):
            double.link.post(KeepMoreText("never"), ticket=TicketId(ticket.ticket_id))
            double.link.post_content(KIND_KEEP_AUDIO, b"never", ticket=TicketId(ticket.ticket_id))
        await double.close(context, TicketClosed)
        assert vault.intake.refused_content_count == 4


async def test_more_text_without_a_first_one_cuts_a_gateway_that_lies(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        socket = await double.open(STREAM)
        double.link.post(KeepMoreText("more"), ticket=TicketId(socket.ticket_id))
        while not double.link.is_closed:
            await asyncio.sleep(0)


async def test_a_gateway_that_dies_ends_sockets_with_their_contexts(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (vault, double):
        context = await context_of(double, await double.open(MULTI))
        await double.ask(BEGIN, UnitsReserved, context.ticket_id)
        double.link.close()
        while len(vault.intake.tickets):
            await asyncio.sleep(0)
        assert inside(vault) == 0


@pytest.mark.claim("Z3")
async def test_a_pinned_token_gives_zero_whatever_the_request_says_and_only_once(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        record = MintToken(TokenKind.TTS_WEBSOCKET, is_pinned_zero=True)
        minted = await double.question(MINT, record, TokenMinted)
        question = OpenTicket(STREAM, minted.secret, Switch.LOGGING_ON, VOICE, is_token=True)
        assert (await double.ask(question, TicketGranted)).mode is RetentionMode.ZERO
        assert (await double.ask(question, Refused)).code == ErrorCode.INVALID_TOKEN.value


async def test_a_token_is_no_key_and_a_key_is_no_token(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (_vault, double):
        minted = await double.question(MINT, MintToken(TokenKind.TTS_WEBSOCKET, is_pinned_zero=False), TokenMinted)
        as_key = OpenTicket(STREAM, minted.secret, Switch.ABSENT, VOICE)
        assert (await double.ask(as_key, Refused)).code == ErrorCode.INVALID_API_KEY.value
        as_token = OpenTicket(STREAM, KEY, Switch.ABSENT, VOICE, is_token=True)
        assert (await double.ask(as_token, Refused)).code == ErrorCode.INVALID_TOKEN.value
