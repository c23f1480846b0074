"""What was uploaded and what was heard: taken from kept requests of two products, and from nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.kept_records import (
    InputAudio,
    KeptTranscript,
    ReadInputAudio,
    ReadTranscript,
    ReadTranscriptAudio,
)
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.number_records import (
    ListRequests,
    RequestRows,
)
from echoless.crossing.query_records import (
    Account,
    CheckRequestIds,
    GetAccount,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
)
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    CloseStatus,
    Refused,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.crossing.socket_records import BeginGeneration, EndGeneration, OpenContext
from echoless.crossing.wire import encode_frame
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.vault import Vault
from echoless.vault.stores.segments import SEGMENT_BYTES
from tests.fakes.gateway_double import STS, STS_MODEL, STT, STT_MODEL, TTS, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-51be77c204"
REALTIME = "WS /v1/speech-to-text/realtime"
ITEM, HISTORY = "GET /v1/history/{item}", "GET /v1/history"
RECORDING_OF_ITEM = "GET /v1/history/{item}/input-audio"
TRANSCRIPT = "GET /v1/speech-to-text/transcripts/{tr}"
RECORDING_OF_TRANSCRIPT = f"{TRANSCRIPT}/input-audio"
LOG = "POST /v1/workspace/analytics/requests"


def everything_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def refusals(journal: MemoryJournal) -> list[object]:
    return [fields["mode"] for event, fields in journal.events if event is Event.CONTENT_REFUSED]


async def settled(gateway: GatewayDouble) -> None:
    """Wait until the vault has served every frame that was sent before."""
    await gateway.question(HISTORY, ListHistory(1), HistoryPage)


async def cut(gateway: GatewayDouble) -> None:
    for _ in range(2000):
        if gateway.link.is_closed:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("the link was not cut")


async def transcript_of(gateway: GatewayDouble, transcript_id: str) -> bytes | None:
    granted = await gateway.open(TRANSCRIPT, voice_id="")
    head, data = await gateway.read(granted, ReadTranscript(transcript_id, 65536))
    return data if isinstance(head, KeptTranscript) else None


async def test_a_recording_and_what_was_made_of_it_come_back_as_they_were(gateway: GatewayDouble) -> None:
    recording, audio = os.urandom(SEGMENT_BYTES + 77_777), os.urandom(SEGMENT_BYTES + 5)
    item_id = await gateway.convert(recording, audio)
    view = await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    assert (view.source, view.text, view.settings) == ("STS", "", {"stability": 0.5})
    assert (view.audio_bytes, view.input_audio_bytes) == (len(audio), len(recording))
    assert view.input_media_type == "audio/mpeg"
    assert await gateway.audio(await gateway.open(f"{ITEM}/audio", voice_id=""), item_id) == audio
    granted = await gateway.open(RECORDING_OF_ITEM, voice_id="")
    head, data = await gateway.read(granted, ReadInputAudio(item_id, 65536))
    assert head == InputAudio(item_id, "audio/mpeg", len(recording))
    assert data == recording


async def test_a_transcript_and_its_recording_come_back_as_they_were(gateway: GatewayDouble) -> None:
    recording, transcript = (
        os.urandom(SEGMENT_BYTES * 2 + 9),
        b'{"text":"' + b"gr\xc3\xbc\xc3\x9fe " * 100_000 + b'"}',
    )
    transcript_id = await gateway.transcribe(recording, transcript)
    assert await transcript_of(gateway, transcript_id) == transcript
    granted = await gateway.open(RECORDING_OF_TRANSCRIPT, voice_id="")
    head, data = await gateway.read(granted, ReadTranscriptAudio(transcript_id, 65536))
    assert head == InputAudio(transcript_id, "audio/mpeg", len(recording))
    assert data == recording


@pytest.mark.claim("Z8")
@pytest.mark.parametrize(
    ("endpoint", "model", "output_format"),
    [(STS, STS_MODEL, "mp3_44100_128"), (STT, STT_MODEL, ""), (REALTIME, "scribe_v2_realtime", "")],
)
@pytest.mark.seed("S3.7")
async def test_a_zero_ticket_refuses_recordings_and_transcripts_from_the_header(
    vault: Vault,
    gateway: GatewayDouble,
    journal: MemoryJournal,
    config: VaultConfig,
    endpoint: str,
    model: str,
    output_format: str,
) -> None:
    """C16, C21, C48: a gateway that lies keeps no upload, no transcript, no type, no item and no byte."""
    granted = await gateway.open(endpoint, Switch.LOGGING_OFF)
    assert (granted.mode, granted.history_item_id) == (RetentionMode.ZERO, "")
    if endpoint == REALTIME:
        await gateway.ask(BeginGeneration(model, output_format, 0), UnitsReserved, granted.ticket_id)
    else:
        await gateway.reserve(granted, 0, UnitsReserved, model=model, format=output_format)
    gateway.keep_recording(granted, CANARY.encode() * 10, "audio/x-canary-51be77c204")
    gateway.keep_raw(granted, KIND_KEEP_TRANSCRIPT, CANARY.encode() * 10)
    gateway.keep(granted, CANARY, CANARY.encode())
    assert not (await gateway.close(granted, TicketClosed)).is_kept
    assert refusals(journal) == ["zero"] * 4
    assert (await gateway.question(HISTORY, ListHistory(10), HistoryPage)).items == []
    await vault._storage.writer.flush()
    assert CANARY.encode() not in everything_below(Path(config.data_directory))


@pytest.mark.claim("Z8")
@pytest.mark.parametrize("endpoint", [TTS, STS, STT])
async def test_a_kept_request_takes_only_what_its_product_has(
    gateway: GatewayDouble, journal: MemoryJournal, endpoint: str
) -> None:
    """What a product does not make is refused from the header, like any content that may not be kept."""
    foreign = {
        TTS: (KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT),
        STS: (KIND_KEEP_TRANSCRIPT,),
        STT: (KIND_KEEP_AUDIO,),
    }[endpoint]
    granted = await gateway.open(endpoint)
    for kind in foreign:
        gateway.keep_raw(granted, kind, CANARY.encode())
    await settled(gateway)
    assert refusals(journal) == ["default"] * len(foreign)
    assert not gateway.link.is_closed


@pytest.mark.claim("Z8")
@pytest.mark.parametrize("kind", [KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT])
async def test_a_recording_that_is_not_marked_as_content_cuts_the_link(gateway: GatewayDouble, kind: int) -> None:
    granted = await gateway.open(STT, voice_id="")
    gateway.link._write(encode_frame(kind, b"audio", ticket=TicketId(granted.ticket_id)))
    await cut(gateway)


async def test_transcripts_are_no_part_of_the_history(gateway: GatewayDouble) -> None:
    """Neither listed nor shown nor heard nor deleted there; its request cannot be continued. It is in the log."""
    transcript_id = await gateway.transcribe(b"recording", b"{}")
    assert (await gateway.question(HISTORY, ListHistory(10), HistoryPage)).items == []
    assert (await gateway.question(HISTORY, ListHistory(10, source="STT"), HistoryPage)).items == []
    refused = await gateway.question(ITEM, GetHistoryItem(transcript_id), Refused)
    assert refused.code == ErrorCode.HISTORY_ITEM_NOT_FOUND
    granted = await gateway.open(RECORDING_OF_ITEM, voice_id="")
    head, _ = await gateway.read(granted, ReadInputAudio(transcript_id, 65536))
    assert isinstance(head, Refused)
    assert head.code == ErrorCode.HISTORY_ITEM_NOT_FOUND
    (row,) = (await gateway.question(LOG, ListRequests(0, 0, 10), RequestRows)).rows
    assert (row.product, row.model_id, row.audio_ms) == ("speech_to_text", STT_MODEL, 1000)
    speaking = await gateway.open(TTS)
    refused = await gateway.ask(CheckRequestIds([row.request_id], []), Refused, speaking.ticket_id)
    assert refused.code == ErrorCode.INVALID_REQUEST_ID


async def test_an_item_of_the_history_is_no_transcript(gateway: GatewayDouble) -> None:
    for item_id in (await gateway.make("words"), await gateway.convert(b"recording")):
        assert await transcript_of(gateway, item_id) is None
        granted = await gateway.open(RECORDING_OF_TRANSCRIPT, voice_id="")
        head, _ = await gateway.read(granted, ReadTranscriptAudio(item_id, 65536))
        assert isinstance(head, Refused)
        assert head.code == ErrorCode.TRANSCRIPT_NOT_FOUND


async def test_what_was_spoken_from_text_has_no_recording(gateway: GatewayDouble) -> None:
    item_id = await gateway.make("words")
    granted = await gateway.open(RECORDING_OF_ITEM, voice_id="")
    head, _ = await gateway.read(granted, ReadInputAudio(item_id, 65536))
    assert isinstance(head, Refused)


@pytest.mark.parametrize(
    ("status", "has_transcript", "is_kept"),
    [
        (CloseStatus.DONE, True, True),
        (CloseStatus.DONE, False, False),
        (CloseStatus.CLIENT_LEFT, True, True),
        (CloseStatus.CLIENT_LEFT, False, False),
        (CloseStatus.FAILED, True, False),
    ],
)
async def test_a_recording_is_kept_only_with_its_transcript(
    vault: Vault, gateway: GatewayDouble, status: CloseStatus, has_transcript: bool, is_kept: bool
) -> None:
    granted = await gateway.open(STT, voice_id="")
    gateway.keep_recording(granted, bytes(SEGMENT_BYTES + 1))
    if has_transcript:
        gateway.keep_raw(granted, KIND_KEEP_TRANSCRIPT, b"{}")
    assert (await gateway.close(granted, TicketClosed, status)).is_kept is is_kept
    await vault._storage.writer.run(lambda _connections: None)
    assert bool(list(vault._storage.segments.objects.paths())) is is_kept
    assert (await transcript_of(gateway, granted.history_item_id) is not None) is is_kept


@pytest.mark.claim("Z11")
async def test_a_transcript_that_a_dead_gateway_may_have_sent_in_part_is_not_kept(vault: Vault) -> None:
    """Half a JSON text is of no use to anybody; what was said by the voice changer so far is."""
    async with GatewayDouble.connected(vault) as dying:
        heard, said = await dying.open(STT, voice_id=""), await dying.open(STS)
        dying.keep_recording(heard, bytes(SEGMENT_BYTES + 1))
        dying.keep_raw(heard, KIND_KEEP_TRANSCRIPT, b'{"text":"ha')
        dying.keep_recording(said, b"recording")
        dying.keep_raw(said, KIND_KEEP_AUDIO, b"said so far")
        await settled(dying)
    while len(vault.intake.tickets):
        await asyncio.sleep(0.001)
    await vault.intake.drain()
    async with GatewayDouble.connected(vault) as gateway:
        assert await transcript_of(gateway, heard.history_item_id) is None
        (item,) = (await gateway.question(HISTORY, ListHistory(10), HistoryPage)).items
        assert (item.item_id, item.input_audio_bytes) == (said.history_item_id, len(b"recording"))


@pytest.mark.claim("Z9")
@pytest.mark.parametrize("mode", list(RetentionMode))
@pytest.mark.parametrize(
    ("endpoint", "model", "output_format"), [(STS, STS_MODEL, "mp3_44100_128"), (STT, STT_MODEL, "")]
)
@pytest.mark.seed("S3.10")
async def test_the_request_log_has_the_closed_list_in_both_modes(
    gateway: GatewayDouble, clock: TurnedClock, mode: RetentionMode, endpoint: str, model: str, output_format: str
) -> None:
    """C30: speech to text is seen there and nowhere else; a zero-retention row is the same list of numbers."""
    granted = await gateway.open(endpoint, Switch.LOGGING_OFF if mode is RetentionMode.ZERO else Switch.ABSENT)
    await gateway.reserve(granted, 0, UnitsReserved, model=model, format=output_format)
    await gateway.close(granted, TicketClosed, audio_ms=30_000)
    (row,) = (await gateway.question(LOG, ListRequests(0, 0, 10), RequestRows)).rows
    assert {name: getattr(row, name) for name in row.__struct_fields__ if name != "key_id"} == {
        "request_id": granted.request_id, "workspace_id": granted.workspace_id, "endpoint": endpoint,
        "product": "voice_changer" if endpoint == STS else "speech_to_text", "model_id": model,
        "output_format": output_format, "characters": 0, "audio_ms": 30_000,
        "start_unix": clock.unix_ms() // 1000, "duration_ms": 0, "http_status": 200, "error_code": "",
        "mode": mode, "policy_version": 1,
    }  # fmt: skip


# --- units ---


async def units(gateway: GatewayDouble) -> int:
    return (await gateway.question("GET /v1/user", GetAccount(), Account)).character_count


@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_OFF])
@pytest.mark.parametrize(
    ("endpoint", "model", "output_format", "audio_ms", "expected"),
    [
        (STS, STS_MODEL, "mp3_44100_128", 90_000, 1500),
        (STT, STT_MODEL, "", 90_000, 90),
        (STT, STT_MODEL, "", 1, 1),
        (STT, STT_MODEL, "", 0, 0),
    ],
)
async def test_minutes_are_counted_at_the_end_in_both_modes_alike(
    gateway: GatewayDouble,
    switch: Switch,
    endpoint: str,
    model: str,
    output_format: str,
    audio_ms: int,
    expected: int,
) -> None:
    """C12."""
    granted = await gateway.open(endpoint, switch)
    assert (await gateway.reserve(granted, 0, UnitsReserved, model=model, format=output_format)).cost == 0
    assert await units(gateway) == 0
    await gateway.close(granted, TicketClosed, audio_ms=audio_ms)
    assert await units(gateway) == expected


@pytest.mark.parametrize("status", [CloseStatus.FAILED, CloseStatus.REFUSED])
async def test_minutes_of_which_nothing_was_made_are_not_counted(
    gateway: GatewayDouble, status: CloseStatus
) -> None:
    granted = await gateway.open(STT, voice_id="")
    await gateway.reserve(granted, 0, UnitsReserved, model=STT_MODEL, format="")
    await gateway.close(granted, TicketClosed, status, audio_ms=60_000)
    assert await units(gateway) == 0


async def test_an_item_says_which_units_it_took(gateway: GatewayDouble) -> None:
    await gateway.make("words")
    item_id = await gateway.convert(b"recording")
    view = await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)
    assert (view.character_count_from, view.character_count_to) == (5, 5 + 17)


async def test_a_spent_quota_refuses_what_is_counted_by_the_minute(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open(STT, voice_id="")
    accounts = vault.administration.accounts
    limit = accounts.workspaces[granted.workspace_id].character_limit
    accounts.meter(granted.workspace_id).character_count = limit
    refused = await gateway.reserve(granted, 0, Refused, model=STT_MODEL, format="")
    assert refused.code == ErrorCode.QUOTA_EXCEEDED


@pytest.mark.parametrize(
    ("endpoint", "lie"),
    [
        (STT, ReserveUnits("eleven_v3", "", 0)),
        (STT, ReserveUnits(STS_MODEL, "", 0)),
        (STT, ReserveUnits(STT_MODEL, "words", 0)),
        (STT, ReserveUnits(STT_MODEL, "", 5)),
        (STS, ReserveUnits(STS_MODEL, "", 0)),
        (STS, ReserveUnits(STT_MODEL, "mp3_44100_128", 0)),
        (STS, ReserveUnits("eleven_v3", "mp3_44100_128", 0)),
        (TTS, ReserveUnits(STS_MODEL, "mp3_44100_128", 0)),
        (TTS, ReserveUnits("eleven_v3", "", 5)),
    ],
)
async def test_units_that_are_not_of_the_product_cut_the_link(
    gateway: GatewayDouble, endpoint: str, lie: ReserveUnits
) -> None:
    """T31: what is written of a ZERO request comes from closed sets."""
    granted = await gateway.open(endpoint, Switch.LOGGING_OFF)
    gateway.link.post(lie, ticket=TicketId(granted.ticket_id))
    await cut(gateway)


# --- the realtime socket ---


async def test_a_listening_socket_counts_while_it_hears_and_keeps_one_transcript(
    vault: Vault, gateway: GatewayDouble
) -> None:
    granted = await gateway.open(REALTIME, voice_id="")

    def inside() -> int:
        return vault.intake.running_count

    assert inside() == 0
    begin = BeginGeneration("scribe_v2_realtime", "", 0)
    await gateway.ask(begin, UnitsReserved, granted.ticket_id)
    assert inside() == 1
    gateway.keep_recording(granted, b"samples", "audio/pcm")
    gateway.link.post(EndGeneration(), ticket=TicketId(granted.ticket_id))
    await settled(gateway)
    assert inside() == 0
    gateway.keep_raw(granted, KIND_KEEP_TRANSCRIPT, b'{"text":"said"}')
    assert (await gateway.close(granted, TicketClosed, http_status=1000, audio_ms=30_000)).is_kept
    assert await transcript_of(gateway, granted.history_item_id) == b'{"text":"said"}'
    assert await units(gateway) == 30


async def test_a_listening_socket_has_no_contexts(gateway: GatewayDouble) -> None:
    granted = await gateway.open(REALTIME, voice_id="")
    assert (await gateway.ask(OpenContext(), Refused, granted.ticket_id)).code == ErrorCode.UNKNOWN_TICKET


@pytest.mark.parametrize("name", ["stream-input", "multi-stream-input"])
async def test_a_dialogue_socket_counts_while_it_speaks_and_has_contexts(
    vault: Vault, gateway: GatewayDouble, name: str
) -> None:
    granted = await gateway.open(f"WS /v1/text-to-dialogue/{name}", voice_id="")
    assert vault.intake.running_count == 0
    context = await gateway.ask(OpenContext(), TicketGranted, granted.ticket_id)
    await gateway.ask(BeginGeneration("eleven_v3", "mp3_44100_128", 5), UnitsReserved, context.ticket_id)
    assert vault.intake.running_count == 1
