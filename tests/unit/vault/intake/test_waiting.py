"""Places by tier, by kind of work and by key."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.operator_records import CreateWorkspace, OperatorCreateKey, WorkspaceCreated
from echoless.crossing.query_records import KeyCreated
from echoless.crossing.records import OpenTicket, Refused, ReserveUnits, TicketClosed, TicketGranted, UnitsReserved
from echoless.crossing.socket_records import BeginGeneration
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import FORMAT, STT, TTS, VOICE, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
SLOW, FAST = "eleven_multilingual_v2", "eleven_flash_v2_5"
SOCKET = "WS /v1/text-to-speech/{voice}/stream-input"


async def free(vault: Vault) -> WorkspaceCreated:
    created = await vault.operate(CreateWorkspace("small", "free", False))
    assert isinstance(created, WorkspaceCreated)
    return created


async def turns(gateway: GatewayDouble) -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def late(gateway: GatewayDouble, granted: TicketGranted, model: str) -> asyncio.Task[object]:
    record = ReserveUnits(model, FORMAT, 3)
    return asyncio.create_task(gateway.link.call(record, TicketId(granted.ticket_id)))


async def test_a_free_workspace_speaks_four_times_at_once_and_twice_with_a_slow_model(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    key = (await free(vault)).secret
    granted = [await gateway.open(key=key) for _ in range(4)]
    assert [(one.current_concurrent, one.maximum_concurrent) for one in granted] == [(n, 4) for n in (1, 2, 3, 4)]
    for one in granted[:2]:
        answer = await gateway.reserve(one, 3, UnitsReserved, model=SLOW)
        assert answer.maximum_concurrent == 2
    assert answer.current_concurrent == 2
    await gateway.reserve(granted[2], 3, UnitsReserved, model=FAST)
    waiting = late(gateway, granted[3], SLOW)
    fifth = asyncio.create_task(gateway.link.call(OpenTicket(TTS, key, Switch.ABSENT, VOICE)))
    await turns(gateway)
    assert vault.intake.waiting_count == 2
    await gateway.close(granted[0], TicketClosed)
    assert isinstance(await waiting, UnitsReserved)
    assert isinstance(await fifth, TicketGranted)
    assert vault.intake.running_count == 4


async def test_hearing_and_speaking_do_not_stand_in_each_others_way(vault: Vault, gateway: GatewayDouble) -> None:
    key = (await free(vault)).secret
    for _ in range(4):
        await gateway.open(key=key)
    heard = [await gateway.open(STT, key=key, voice_id="") for _ in range(10)]
    assert (heard[-1].current_concurrent, heard[-1].maximum_concurrent) == (10, 10)


async def test_who_waits_too_long_for_a_slow_model_is_told_when_to_come_again(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    key = (await free(vault)).secret
    granted = [await gateway.open(key=key) for _ in range(3)]
    for one in granted[:2]:
        await gateway.reserve(one, 3, UnitsReserved, model=SLOW)
    waiting = late(gateway, granted[2], SLOW)
    again = late(gateway, granted[2], SLOW)
    # A request asks once; what asks twice is no honest gateway.
    refused = await again
    assert isinstance(refused, Refused)
    assert refused.code == ErrorCode.UNKNOWN_TICKET
    clock.turn(10)
    vault.intake.expire()
    refused = await waiting
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retry_after_s) == (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, 1)
    assert refused.mode is RetentionMode.DEFAULT
    # The refusal took nothing: the request still has its first place, and may try again.
    await gateway.close(granted[0], TicketClosed)
    await gateway.reserve(granted[2], 3, UnitsReserved, model=SLOW)


async def test_a_request_that_ends_while_it_waits_leaves_every_queue(vault: Vault, gateway: GatewayDouble) -> None:
    key = (await free(vault)).secret
    granted = [await gateway.open(key=key) for _ in range(3)]
    for one in granted[:2]:
        await gateway.reserve(one, 3, UnitsReserved, model=SLOW)
    waiting = late(gateway, granted[2], SLOW)
    await turns(gateway)
    await gateway.close(granted[2], TicketClosed)
    assert vault.intake.waiting_count == 0
    for one in granted[:2]:
        await gateway.close(one, TicketClosed)
    assert vault.intake.running_count == 0
    waiting.cancel()


async def test_a_key_has_places_of_its_own_within_its_workspaces(vault: Vault, gateway: GatewayDouble) -> None:
    created = await free(vault)
    narrow = await vault.operate(
        OperatorCreateKey(
            created.workspace_id, "narrow", None, RetentionMode.DEFAULT, concurrency_limits={"speech": 1}
        )
    )
    assert isinstance(narrow, KeyCreated)
    first = await gateway.open(key=narrow.secret)
    second = asyncio.create_task(gateway.link.call(OpenTicket(TTS, narrow.secret, Switch.ABSENT, VOICE)))
    await turns(gateway)
    assert vault.intake.waiting_count == 1
    await gateway.open(key=created.secret)
    await gateway.open(STT, key=narrow.secret, voice_id="")
    await gateway.close(first, TicketClosed)
    assert isinstance(await second, TicketGranted)


async def test_a_socket_counts_twice_while_it_speaks_with_a_slow_model(
    vault: Vault, gateway: GatewayDouble
) -> None:
    key = (await free(vault)).secret
    sockets = [await gateway.open(SOCKET, key=key) for _ in range(3)]
    record = BeginGeneration(SLOW, FORMAT, 3)
    for socket in sockets[:2]:
        await gateway.ask(record, UnitsReserved, socket.ticket_id)
    third = asyncio.create_task(gateway.link.call(record, TicketId(sockets[2].ticket_id)))
    await turns(gateway)
    assert vault.intake.waiting_count == 1
    await gateway.close(sockets[0], TicketClosed)
    assert isinstance(await third, UnitsReserved)
