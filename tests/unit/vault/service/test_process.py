"""The vault as a process of its own that is killed."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.control import AddLink, HostState, Peer, ProcessReady, StartRefused, Stop
from echoless.crossing.kept_records import ReadTranscript, ReadTranscriptAudio
from echoless.crossing.link import Link
from echoless.crossing.operator_records import OPERATOR_RECORDS, ListWorkspaces, WorkspaceList
from echoless.crossing.query_records import (
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
)
from echoless.crossing.records import (
    OpenTicket,
    RecordRegistry,
    Refused,
    TicketClosed,
    TicketGranted,
)
from echoless.retention.decision import Switch
from tests.fakes.gateway_double import KEY, TTS, VOICE, GatewayDouble, config_for
from tests.fakes.vault_process import VaultProcess

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TRANSCRIPT = "GET /v1/speech-to-text/transcripts/{tr}"
RECORDING = f"{TRANSCRIPT}/input-audio"
ITEM = "GET /v1/history/{item}"
KILLS = 10


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


async def _make_for_ever(gateway: GatewayDouble, acknowledged: dict[str, tuple[str, int]], size: int) -> None:
    while True:
        text = f"{size} bytes, number {len(acknowledged)}"
        item_id = await gateway.make(text, text[-1:].encode() * size)
        acknowledged[item_id] = (text, size)


async def _transcribe_for_ever(
    gateway: GatewayDouble, acknowledged: dict[str, tuple[bytes, bytes]], size: int
) -> None:
    while True:
        transcript = b'{"text":"%d"}' % len(acknowledged)
        recording = transcript[-3:-2] * size
        acknowledged[await gateway.transcribe(recording, transcript)] = (recording, transcript)
