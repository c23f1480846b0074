"""The vault as a whole."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

import pytest

from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import (
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
)
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import FORMAT, MODEL, VOICE, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEM = "GET /v1/history/{item}"


async def test_a_kept_item_is_read_back_with_text_settings_and_audio(gateway: GatewayDouble) -> None:
    audio = os.urandom(1_300_000)
    item_id = await gateway.make("Kept words.", audio)
    view = await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    assert (view.text, view.settings, view.voice_id) == ("Kept words.", {"stability": 0.5}, VOICE)
    assert (view.model_id, view.output_format, view.audio_bytes) == (MODEL, FORMAT, len(audio))
    assert (view.character_count_from, view.character_count_to, view.source) == (0, 11, "TTS")
    reading = await gateway.open(ITEM, voice_id="")
    assert await gateway.audio(reading, item_id) == audio


@pytest.mark.claim("Z13")
async def test_nothing_that_was_kept_is_in_clear_in_any_file(gateway: GatewayDouble, config: VaultConfig) -> None:
    """C21: text, context, audio; the control is that the item reads back."""
    audio = b"0123456789abcdef" * 4000
    await gateway.make("canary-text-6b1d", audio)
    await gateway.question("GET /v1/history", ListHistory(1), HistoryPage)
    found = b"".join(path.read_bytes() for path in Path(config.data_directory).rglob("*") if path.is_file())
    for needle in (b"canary-text", b"stability", b"before", audio[:16]):
        assert needle not in found, needle


class ForeignCaller:
    """A connection whose other end belongs to another user; as root no real one can be made."""

    def __init__(self) -> None:
        self.is_closed = False

    def getsockopt(self, level: int, option: int, length: int) -> bytes:
        assert (level, option) == (socket.SOL_SOCKET, socket.SO_PEERCRED)
        return struct.pack("3i", 4242, os.getuid() + 54_321, 0)[:length]

    def close(self) -> None:
        self.is_closed = True


async def test_another_user_does_not_get_through_the_operators_door(vault: Vault) -> None:
    caller = ForeignCaller()
    await vault.add_operator(caller)  # type: ignore[arg-type]  # a fake socket
    assert caller.is_closed
    assert not vault._links


# --- as a process of its own ---
