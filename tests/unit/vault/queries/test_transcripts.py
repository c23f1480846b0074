"""Kept transcripts: deleted by their owner, with everything that belongs to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.kept_records import DeleteTranscript, KeptTranscript, ReadTranscript, ReadTranscriptAudio
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryPage,
    ListHistory,
    ReadItemAlignment,
    ReadItemAudio,
)
from echoless.crossing.records import Record, Refused
from echoless.retention.decision import Switch
from echoless.vault.erasure.sweep import sweep
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.erasing import destroy_keys
from echoless.vault.stores.segments import SEGMENT_BYTES
from tests.fakes.gateway_double import ON_FILES, STT, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
READ = "GET /v1/speech-to-text/transcripts/{tr}"
DELETE = "DELETE /v1/speech-to-text/transcripts/{tr}"
HEAR = f"{READ}/input-audio"
ITEM, DELETE_ITEM = "GET /v1/history/{item}", "DELETE /v1/history/{item}"
RECORDING = os.urandom(SEGMENT_BYTES + 1000)
TRANSCRIPT = b'{"text":"' + b"said " * 200_000 + b'"}'


def files(directory: str) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in Path(directory).rglob("*")
        if path.is_file() and path.name != "vault.lock"
    }


async def exists(gateway: GatewayDouble, transcript_id: str) -> bool:
    granted = await gateway.open(READ, voice_id="")
    head, _ = await gateway.read(granted, ReadTranscript(transcript_id, 65536))
    return isinstance(head, KeptTranscript)


@pytest.mark.claim("Z12")
@ON_FILES
async def test_nothing_of_a_deleted_transcript_is_in_any_file(
    vault: Vault, gateway: GatewayDouble, config: VaultConfig
) -> None:
    """C50, C51: recording, transcript, head and key are gone from every file; the control finds them before."""
    transcript_id, other_id = [await gateway.transcribe(RECORDING, TRANSCRIPT) for _ in range(2)]
    storage = vault._storage

    def stored(reader: object) -> dict[str, bytes]:
        head = storage.reader.vault.exec_driver_sql(
            "SELECT sealed_head FROM history_items WHERE item_id = ?", (transcript_id,)
        ).scalar_one()
        key = storage.reader._keys.exec_driver_sql(
            "SELECT wrapped FROM item_keys WHERE item_id = ?", (transcript_id,)
        ).scalar_one()
        storage.reader.vault.rollback()
        storage.reader._keys.rollback()
        return {"head": bytes(head), "key": bytes(key)}

    needles = await storage.read(stored)
    found = files(config.data_directory)
    objects = [name for name in found if transcript_id in name]
    assert len(objects) == 4
    assert all(any(needle in data for data in found.values()) for needle in needles.values())
    assert not any(b"said said" in data for data in found.values())

    await gateway.question(DELETE, DeleteTranscript(transcript_id), Done)

    found = files(config.data_directory)
    assert not [name for name in found if transcript_id in name]
    for name, needle in needles.items():
        assert not [file for file, data in found.items() if needle in data], name
    holders = {file for file, data in found.items() if transcript_id.encode() in data}
    assert holders <= {"erasure/ledger", "vault.sqlite", "vault.sqlite-wal"}
    assert await exists(gateway, other_id)


@pytest.mark.claim("Z12")
async def test_a_deleted_transcript_and_a_foreign_one_answer_like_one_that_never_was(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C11, C48; the second deletion is a 404 too. One of a zero-retention request never was."""
    _, _, other_key = await vault.administration.create_workspace("other", "enterprise", is_entitled=True)
    deleted, foreign = await gateway.transcribe(b"r", b"{}"), await gateway.transcribe(b"r", b"{}", key=other_key)
    await gateway.question(DELETE, DeleteTranscript(deleted), Done)
    zero = await gateway.open(STT, Switch.LOGGING_OFF, voice_id="")
    answers: list[Record] = []
    for transcript_id in (deleted, foreign, zero.request_id, "A" * 20, "never", ""):
        answers.append(await gateway.question(DELETE, DeleteTranscript(transcript_id), Refused))
        reading, hearing = await gateway.open(READ, voice_id=""), await gateway.open(HEAR, voice_id="")
        answers.append((await gateway.read(reading, ReadTranscript(transcript_id, 65536)))[0])
        answers.append((await gateway.read(hearing, ReadTranscriptAudio(transcript_id, 65536)))[0])
    first = answers[0]
    assert isinstance(first, Refused)
    assert first.code == ErrorCode.TRANSCRIPT_NOT_FOUND
    assert answers == [first] * len(answers)
    other = await gateway.open(READ, key=other_key, voice_id="")
    assert (await gateway.read(other, ReadTranscript(foreign, 65536)))[1] == b"{}"


async def test_history_deletes_no_transcript_and_a_transcripts_address_no_item(gateway: GatewayDouble) -> None:
    transcript_id, item_id = await gateway.transcribe(b"r", b"{}"), await gateway.make("words")
    refused = await gateway.question(DELETE_ITEM, DeleteHistoryItem(transcript_id), Refused)
    assert refused.code == ErrorCode.HISTORY_ITEM_NOT_FOUND
    refused = await gateway.question(DELETE, DeleteTranscript(item_id), Refused)
    assert refused.code == ErrorCode.TRANSCRIPT_NOT_FOUND
    assert await exists(gateway, transcript_id)
    page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
    assert [item.item_id for item in page.items] == [item_id]


async def test_a_deletion_is_on_the_trail(gateway: GatewayDouble) -> None:
    transcript_id = await gateway.transcribe(b"r", b"{}")
    await gateway.question(DELETE, DeleteTranscript(transcript_id), Done)
    entries = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
    newest = entries.entries[0]
    assert (newest.activity, newest.target_id) == ("transcript.delete", transcript_id)


@pytest.mark.claim("Z12")
async def test_a_deletion_that_was_cut_short_after_the_key_is_finished_at_the_next_start(
    vault: Vault, gateway: GatewayDouble
) -> None:
    transcript_id = await gateway.transcribe(RECORDING, TRANSCRIPT)
    storage = vault._storage
    await storage.writer.run(lambda connections: destroy_keys(connections, [transcript_id]))
    assert not await exists(gateway, transcript_id)
    assert await sweep(storage, MemoryJournal()) == 1
    assert list(storage.segments.item_ids()) == []


async def test_what_arrived_of_a_transcript_without_an_end_is_swept(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """C19: a vault that died while a recording arrived leaves objects without a row; the next start takes them."""
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        granted = await gateway.open(STT, voice_id="")
        gateway.keep_recording(granted, bytes(2 * SEGMENT_BYTES))
        await gateway.question("GET /v1/history", ListHistory(1), HistoryPage)
        await vault._storage.writer.run(lambda _connections: None)
        objects = vault._storage.segments.objects
        left = {path: objects.get(path) for path, _size in objects.paths()}
    assert left and all(Path(path).name.startswith("input-") for path in left)
    for path, data in left.items():
        objects.put(path, data)
    async with open_vault(config, clock, journal) as vault:
        assert list(vault._storage.segments.item_ids()) == []


CLIENTS_WORDS = "my words, which are no id"


@pytest.mark.parametrize(
    ("endpoint", "record"),
    [
        (DELETE, DeleteTranscript(CLIENTS_WORDS)),
        (READ, ReadTranscript(CLIENTS_WORDS, 65536)),
        (HEAR, ReadTranscriptAudio(CLIENTS_WORDS, 65536)),
        (ITEM, GetHistoryItem(CLIENTS_WORDS)),
        (f"{ITEM}/audio", ReadItemAudio(CLIENTS_WORDS, 65536)),
        (ITEM, ReadItemAlignment(CLIENTS_WORDS, False, 0)),
        (DELETE_ITEM, DeleteHistoryItem(CLIENTS_WORDS)),
        ("GET /v1/history", ListHistory(5, start_after_item_id=CLIENTS_WORDS)),
        ("GET /v1/history", ListHistory(5, voice_id=CLIENTS_WORDS)),
        ("GET /v1/history", ListHistory(5, model_id=CLIENTS_WORDS)),
        ("GET /v1/history", ListHistory(5, search=CLIENTS_WORDS)),
        ("GET /v1/workspace/audit-logs", ListAuditEntries(5, actor_id=CLIENTS_WORDS)),
        ("GET /v1/workspace/audit-logs", ListAuditEntries(5, activity=CLIENTS_WORDS)),
    ],
)
async def test_a_clients_words_are_never_handed_to_the_database(
    vault: Vault, gateway: GatewayDouble, endpoint: str, record: Record
) -> None:
    """The database's library keeps what it was last asked for in memory that nobody overwrites."""
    await gateway.make("words")
    asked: list[object] = []
    for engine in (*vault._storage.engines.writing, *vault._storage.engines.reading):

        def note(_c: object, _cursor: object, _statement: str, parameters: object, *_more: object) -> None:
            asked.append(parameters)

        sa.event.listen(engine, "before_cursor_execute", note)
    await gateway.question(endpoint, record, Record)
    assert CLIENTS_WORDS not in repr(asked)
    listed = await gateway.question("GET /v1/history", ListHistory(5), HistoryPage)
    assert len(listed.items) == 1
    assert asked, "the control: what is asked is seen"
