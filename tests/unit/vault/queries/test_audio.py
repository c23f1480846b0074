"""Kept audio, streamed."""

from __future__ import annotations

import asyncio
import os

import pytest

from echoless.core.ids import TicketId
from echoless.crossing.query_records import ItemAudio, ReadItemAudio
from echoless.crossing.records import KIND_AUDIO, Cancel, Credit, Refused
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM = "GET /v1/history/{item}"


async def quiet(gateway: GatewayDouble) -> None:
    """Let the vault do what it can without more credit."""
    for _ in range(30):
        await asyncio.sleep(0.002)


async def test_audio_comes_whole_in_bounded_frames(gateway: GatewayDouble) -> None:
    audio = os.urandom(1_234_567)
    item_id = await gateway.make("words", audio)
    granted = await gateway.open(ITEM, voice_id="")
    assert await gateway.audio(granted, item_id) == audio
    assert await gateway.audio(granted, item_id, window_bytes=1 << 22) == audio


async def test_the_vault_never_sends_more_than_window_and_credit(vault: Vault, gateway: GatewayDouble) -> None:
    item_id = await gateway.make("words", bytes(1_000_000))
    granted = await gateway.open(ITEM, voice_id="")
    with gateway.link.exchange(TicketId(granted.ticket_id)) as exchange:
        exchange.post(ReadItemAudio(item_id, 128 * 1024))
        await quiet(gateway)
        frames = [await exchange.receive() for _ in range(3)]
        assert [len(frame.payload) for frame in frames[1:]] == [65536, 65536]
        assert not exchange._frames
        exchange.post(Credit(1))
        await quiet(gateway)
        assert len(exchange._frames) == 1
        exchange.post(Cancel())
        await quiet(gateway)
    assert vault._reads == {}


async def test_audio_that_is_damaged_ends_in_a_refusal_not_in_silence(vault: Vault, gateway: GatewayDouble) -> None:
    item_id = await gateway.make("words", bytes(600_000))
    objects = vault._storage.segments.objects
    path = f"{item_id[:2]}/{item_id}/000001"
    objects.put(path, objects.get(path)[:-1])
    granted = await gateway.open(ITEM, voice_id="")
    with gateway.link.exchange(TicketId(granted.ticket_id)) as exchange:
        exchange.post(ReadItemAudio(item_id, 1 << 21))
        head = gateway.link.registry.decode(await exchange.receive())
        assert isinstance(head, ItemAudio)
        kinds = []
        while True:
            frame = await asyncio.wait_for(exchange.receive(), 10)
            kinds.append(frame.header.kind)
            if frame.header.kind != KIND_AUDIO:
                break
        assert isinstance(gateway.link.registry.decode(frame), Refused)
        assert len(kinds) == 9


async def test_a_gateway_that_goes_away_stops_its_reads(vault: Vault, gateway: GatewayDouble) -> None:
    item_id = await gateway.make("words", bytes(1_000_000))
    async with GatewayDouble.connected(vault) as leaving:
        granted = await leaving.open(ITEM, voice_id="")
        leaving.link.post(ReadItemAudio(item_id, 65536), correlation=77, ticket=TicketId(granted.ticket_id))
        while not vault._reads:
            await asyncio.sleep(0.001)
    while vault._reads:
        await asyncio.sleep(0.001)
    assert await gateway.audio(await gateway.open(ITEM, voice_id=""), item_id) == bytes(1_000_000)
