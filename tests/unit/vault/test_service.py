"""The vault as a whole, also as a process of its own that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import AddLink, HostState, Peer, ProcessReady, StartRefused, Stop, VaultConfig
from echoless.crossing.kept_records import ReadTranscript, ReadTranscriptAudio
from echoless.crossing.link import Link
from echoless.crossing.operator_records import OPERATOR_RECORDS, ListWorkspaces, WorkspaceList
from echoless.crossing.query_records import (
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
)
from echoless.crossing.records import (
    OpenTicket,
    RecordRegistry,
    Refused,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service import Vault, open_vault
from tests.fakes.gateway_double import FORMAT, KEY, MODEL, TTS, VOICE, GatewayDouble, TurnedClock, config_for
from tests.fakes.vault_process import VaultProcess

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TRANSCRIPT = "GET /v1/speech-to-text/transcripts/{tr}"
RECORDING = f"{TRANSCRIPT}/input-audio"
ITEM = "GET /v1/history/{item}"
KILLS = 10


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


async def test_a_restart_keeps_everything(config: VaultConfig, clock: TurnedClock, journal: MemoryJournal) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        item_id = await gateway.make("Still here.", b"audio" * 1000)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert [item.item_id for item in page.items] == [item_id]
        granted = await gateway.open(TTS)
        assert granted.mode is RetentionMode.DEFAULT
        await gateway.reserve(granted, 5, UnitsReserved)
        accounts = vault.administration.accounts
        assert accounts.meter(granted.workspace_id).character_count == 11 + 5


async def test_the_first_start_makes_a_key_and_later_ones_do_not(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "data", bootstrap_api_key="")
    async with open_vault(config, clock, journal) as vault:
        first = vault.first_key
        assert first.secret.startswith("sk_")
        assert first.hint == first.secret[-4:]
        async with GatewayDouble.connected(vault) as gateway:
            assert (await gateway.open(key=first.secret, switch=Switch.LOGGING_OFF)).mode is RetentionMode.ZERO
    async with open_vault(config, clock, journal) as vault:
        assert (vault.first_key.secret, vault.first_key.hint) == ("", first.hint)


async def test_another_configured_first_key_is_refused_with_an_explanation(
    config: VaultConfig, tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault:
        assert vault.first_key.secret == ""
    for _ in range(2):
        with pytest.raises(EcholessError, match="not the one") as caught:
            async with open_vault(
                config_for(tmp_path / "data", bootstrap_api_key="sk_" + "9" * 48), clock, journal
            ):
                raise AssertionError("a vault with a foreign key opened")
        assert caught.value.code is ErrorCode.CONFIGURATION
    async with open_vault(config, clock, journal):
        pass


@pytest.mark.parametrize("key", ["short", "has blanks in it, which no header carries", "ä" * 20])
async def test_a_first_key_that_no_header_can_carry_is_refused(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, key: str
) -> None:
    with pytest.raises(EcholessError, match="16 to 64"):
        async with open_vault(config_for(tmp_path / "data", bootstrap_api_key=key), clock, journal):
            raise AssertionError("it opened")


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


async def test_the_process_serves_gateways_and_operators_and_stops_in_order(tmp_path: Path) -> None:
    config = config_for(tmp_path / "data", assurance="best_effort", bootstrap_api_key="")
    vault, ready = VaultProcess.start(config)
    assert isinstance(ready, ProcessReady)
    assert ready.first_key.endswith(ready.key_hint)
    gateway = await vault.gateway()
    item_id = await gateway.make("Said in a process.", os.urandom(600_000), key=ready.first_key)
    door = str(tmp_path / "door")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(door)
        listener.listen()
        vault.send(AddLink(Peer.OPERATOR_LISTENER, "operator"), listener.fileno())
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(door)
        operator = await Link.open(caller, RecordRegistry(OPERATOR_RECORDS))
        listed = await asyncio.wait_for(operator.call(ListWorkspaces()), 10)
        assert isinstance(listed, WorkspaceList)
        assert listed.workspaces[0].history_item_count == 1
        operator.close()
    await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(item_id), Done, key=ready.first_key)
    gateway.link.close()
    assert vault.stop() == 0
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "data").rglob("*")} == {0}


@pytest.mark.claim("Z16")
async def test_a_property_that_any_process_lacks_refuses_zero_from_then_on(tmp_path: Path) -> None:
    vault, ready = VaultProcess.start(config_for(tmp_path / "data"))
    assert isinstance(ready, ProcessReady)
    gateway = await vault.gateway()
    for missing, expected in (([], TicketGranted), (["swap_on"], Refused), ([], TicketGranted)):
        # Before the supervisor has said anything, and while anything is missing, zero retention is refused.
        answer = await gateway.link.call(OpenTicket(TTS, KEY, Switch.LOGGING_OFF, VOICE))
        assert not isinstance(answer, expected)
        vault.send(HostState(missing))
        for _ in range(1000):
            answer = await gateway.link.call(OpenTicket(TTS, KEY, Switch.LOGGING_OFF, VOICE))
            if isinstance(answer, expected):
                break
            await asyncio.sleep(0.005)
        assert isinstance(answer, expected)
    vault.control.close()
    assert vault.process.wait(20) == 0
    gateway.link.close()
    os.close(vault.journal_descriptor)


def test_a_start_that_cannot_be_says_why(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "version").write_text("99")
    vault, refused = VaultProcess.start(config_for(tmp_path / "data"))
    assert isinstance(refused, StartRefused)
    assert (refused.code, "version 99" in refused.public_description) == ("data_directory", True)
    assert vault.close() == 1


@pytest.mark.claim("Z10")
async def test_the_process_says_only_events(tmp_path: Path) -> None:
    vault, _ready = VaultProcess.start(config_for(tmp_path / "data", assurance="best_effort"))
    gateway = await vault.gateway()
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    gateway.keep(granted, "canary-words", b"canary-audio")
    await gateway.close(granted, TicketClosed)
    gateway.link.close()
    vault.send(Stop(5.0))
    vault.process.wait(20)
    words = vault.words()
    vault.close()
    events = [json.loads(line)["event"] for line in words.splitlines()]
    assert events[:3] == ["process_started", "migrated", "process_ready"]
    assert events.count("content_refused") == 2
    assert b"canary" not in words


@pytest.mark.claim("Z11")
async def test_every_acknowledged_item_survives_kill_9_around_the_commit(tmp_path: Path) -> None:
    """C19: ten kills, each within the milliseconds around commits of several sizes at once."""
    config = config_for(tmp_path / "data")
    acknowledged: dict[str, tuple[str, int]] = {}
    for number in range(KILLS):
        vault, ready = VaultProcess.start(config)
        assert isinstance(ready, ProcessReady), (ready.code, ready.public_description)
        gateway = await vault.gateway()
        workers = [
            asyncio.create_task(_make_for_ever(gateway, acknowledged, size)) for size in (10, 70_000, 900_000)
        ]
        before = len(acknowledged)
        while len(acknowledged) < before + 3:
            await asyncio.sleep(0.001)
        await asyncio.sleep(random.Random(number).random() * 0.05)
        vault.kill()
        results = await asyncio.gather(*workers, return_exceptions=True)
        assert all(isinstance(result, EcholessError) for result in results), results
        gateway.link.close()
    vault, _ready = VaultProcess.start(config)
    gateway = await vault.gateway()
    granted = await gateway.open(ITEM, voice_id="")
    for item_id, (text, size) in acknowledged.items():
        view = await gateway.ask(GetHistoryItem(item_id), HistoryItemView, granted.ticket_id)
        assert (view.text, view.audio_bytes) == (text, size)
        assert await gateway.audio(granted, item_id) == text[-1:].encode() * size
    gateway.link.close()
    vault.stop()
    assert len(acknowledged) >= 3 * KILLS


async def _make_for_ever(gateway: GatewayDouble, acknowledged: dict[str, tuple[str, int]], size: int) -> None:
    while True:
        text = f"{size} bytes, number {len(acknowledged)}"
        item_id = await gateway.make(text, text[-1:].encode() * size)
        acknowledged[item_id] = (text, size)


@pytest.mark.claim("Z11")
async def test_every_acknowledged_transcript_survives_kill_9_with_its_recording(tmp_path: Path) -> None:
    """C19: five kills while recordings of several sizes arrive; no object is left without its row."""
    config = config_for(tmp_path / "data")
    acknowledged: dict[str, tuple[bytes, bytes]] = {}
    for number in range(KILLS // 2):
        vault, ready = VaultProcess.start(config)
        assert isinstance(ready, ProcessReady), (ready.code, ready.public_description)
        gateway = await vault.gateway()
        workers = [
            asyncio.create_task(_transcribe_for_ever(gateway, acknowledged, size))
            for size in (10, 70_000, 1_500_000)
        ]
        before = len(acknowledged)
        while len(acknowledged) < before + 3:
            await asyncio.sleep(0.001)
        await asyncio.sleep(random.Random(number).random() * 0.05)
        vault.kill()
        results = await asyncio.gather(*workers, return_exceptions=True)
        assert all(isinstance(result, EcholessError) for result in results), results
        gateway.link.close()
    vault, _ready = VaultProcess.start(config)
    gateway = await vault.gateway()
    reading, hearing = await gateway.open(TRANSCRIPT, voice_id=""), await gateway.open(RECORDING, voice_id="")
    for transcript_id, (recording, transcript) in acknowledged.items():
        assert (await gateway.read(reading, ReadTranscript(transcript_id, 65536)))[1] == transcript
        assert (await gateway.read(hearing, ReadTranscriptAudio(transcript_id, 65536)))[1] == recording
    gateway.link.close()
    vault.stop()
    with closing(sqlite3.connect(tmp_path / "data" / "vault.sqlite")) as connection:
        rows = {row[0] for row in connection.execute("SELECT item_id FROM history_items")}
    objects = tmp_path / "data" / "objects"
    assert {folder.name for shelf in objects.iterdir() for folder in shelf.iterdir()} == rows
    assert rows >= acknowledged.keys()


async def _transcribe_for_ever(
    gateway: GatewayDouble, acknowledged: dict[str, tuple[bytes, bytes]], size: int
) -> None:
    while True:
        transcript = b'{"text":"%d"}' % len(acknowledged)
        recording = transcript[-3:-2] * size
        acknowledged[await gateway.transcribe(recording, transcript)] = (recording, transcript)
