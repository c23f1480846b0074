"""The vault as a whole: tickets, items, restarts."""

from __future__ import annotations

import os

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView, HistoryPage, ListHistory
from echoless.crossing.records import TicketClosed, UnitsReserved
from echoless.retention.decision import RetentionMode
from echoless.vault.service import open_vault
from tests.fakes.gateway_double import FORMAT, MODEL, TTS, VOICE, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM = "GET /v1/history/{item}"


async def keep_one(gateway: GatewayDouble, text: str, audio: bytes) -> str:
    granted = await gateway.open()
    await gateway.reserve(granted, len(text), UnitsReserved)
    gateway.keep(granted, text, audio)
    assert (await gateway.close(granted, TicketClosed)).is_kept
    return granted.history_item_id


async def test_kept_item_is_read_back_with_text_settings_and_audio(gateway: GatewayDouble) -> None:
    audio = os.urandom(1_300_000)
    item_id = await keep_one(gateway, "Kept words.", audio)
    view = await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    assert (view.text, view.settings, view.voice_id) == ("Kept words.", {"stability": 0.5}, VOICE)
    assert (view.model_id, view.output_format, view.audio_bytes) == (MODEL, FORMAT, len(audio))
    assert (view.character_count_from, view.character_count_to, view.source) == (0, 11, "TTS")
    reading = await gateway.open(ITEM, voice_id="")
    assert await gateway.audio(reading, item_id) == audio


async def test_a_restart_keeps_everything(config: VaultConfig, clock: TurnedClock, journal: MemoryJournal) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        item_id = await keep_one(gateway, "Still here.", b"audio" * 1000)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert [item.item_id for item in page.items] == [item_id]
        granted = await gateway.open(TTS)
        assert granted.mode is RetentionMode.DEFAULT
        await gateway.reserve(granted, 5, UnitsReserved)
