"""The desk of the intake: what a lying gateway gets."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId, new_ticket_id
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.query_records import (
    CheckRequestIds,
    CreateServiceAccount,
    Done,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    ListHistory,
)
from echoless.crossing.records import (
    KIND_KEEP_AUDIO,
    Cancel,
    CloseStatus,
    KeepAlignment,
    KeepText,
    OpenTicket,
    Refused,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
)
from echoless.crossing.wire import encode_frame
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, ON_FILES, TTS, VOICE, GatewayDouble, TurnedClock, closing, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-71c0e5aa19"


async def settled(gateway: GatewayDouble) -> None:
    """Wait until the vault has served every frame that was sent before."""
    await gateway.question("GET /v1/history", ListHistory(1), HistoryPage)


async def cut(gateway: GatewayDouble) -> None:
    for _ in range(2000):
        if gateway.link.is_closed:
            return
        await asyncio.sleep(0.001)
    raise AssertionError("the link was not cut")


def everything_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def refusals(journal: MemoryJournal) -> list[object]:
    return [fields["mode"] for event, fields in journal.events if event is Event.CONTENT_REFUSED]


@pytest.mark.claim("Z8")
@pytest.mark.seed("S3.1")
async def test_a_zero_ticket_refuses_content_for_ever(
    vault: Vault, gateway: GatewayDouble, journal: MemoryJournal, config: VaultConfig
) -> None:
    """C16, C21, C23: a gateway that lies keeps nothing: no text, no audio, no item, no byte on disk."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    assert (granted.mode, granted.history_item_id) == (RetentionMode.ZERO, "")
    await gateway.reserve(granted, 5, UnitsReserved)
    gateway.keep(granted, CANARY, CANARY.encode() * 10)
    gateway.keep_alignment(granted, CANARY)
    assert not (await gateway.close(granted, TicketClosed)).is_kept
    gateway.keep(granted, CANARY, CANARY.encode())
    page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
    assert page.items == []
    assert refusals(journal) == ["zero"] * 3 + ["unknown"] * 2
    assert vault.intake.refused_content_count == 5
    assert CANARY.encode() not in everything_below(Path(config.data_directory))


@pytest.mark.claim("Z8")
async def test_content_is_refused_before_its_payload_is_decoded(
    gateway: GatewayDouble, journal: MemoryJournal
) -> None:
    """A payload that does not decode would cut the link; refused from the header it does not."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    ticket = TicketId(granted.ticket_id)
    gateway.link._write(encode_frame(KeepText.KIND, b"\xc1 no msgpack", is_content=True, ticket=ticket))
    await settled(gateway)
    assert refusals(journal) == ["zero"]
    assert not gateway.link.is_closed


@pytest.mark.claim("Z8")
async def test_an_unknown_ticket_and_that_of_another_gateway_refuse_content(
    vault: Vault, gateway: GatewayDouble, journal: MemoryJournal
) -> None:
    granted = await gateway.open()
    async with GatewayDouble.connected(vault) as other:
        for ticket_id in (new_ticket_id(), TicketId(granted.ticket_id), TicketId(bytes(16))):
            other.link.post(KeepText(CANARY, {}), ticket=ticket_id)
        await settled(other)
        assert refusals(journal) == ["unknown"] * 3
        refused = await other.ask(closing(), Refused, granted.ticket_id)
        assert refused.code == ErrorCode.UNKNOWN_TICKET
    gateway.keep(granted, "own words", b"audio")
    assert (await gateway.close(granted, TicketClosed)).is_kept


@pytest.mark.claim("Z8")
async def test_a_restart_forgets_tickets_so_their_content_is_refused(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """Z8 across a restart: neither a ZERO nor a DEFAULT ticket of before takes content after."""
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        before = [await gateway.open(switch=switch) for switch in (Switch.LOGGING_OFF, Switch.ABSENT)]
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        for granted in before:
            gateway.keep(granted, CANARY, b"")
            refused = await gateway.close(granted, Refused)
            assert refused.code == ErrorCode.UNKNOWN_TICKET
        assert refusals(journal) == ["unknown"] * 2
        page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert page.items == []


@pytest.mark.claim("Z8")
async def test_a_reading_ticket_takes_no_content(gateway: GatewayDouble, journal: MemoryJournal) -> None:
    granted = await gateway.open("GET /v1/history", voice_id="")
    gateway.keep(granted, CANARY, b"audio")
    await settled(gateway)
    assert refusals(journal) == ["default"] * 2


@pytest.mark.claim("Z8")
@pytest.mark.parametrize(
    ("kind", "is_content"),
    [(KeepText.KIND, False), (KIND_KEEP_AUDIO, False), (ReserveUnits.KIND, True), (40, True)],
)
async def test_a_frame_that_lies_about_carrying_content_cuts_the_link(
    gateway: GatewayDouble, journal: MemoryJournal, kind: int, is_content: bool
) -> None:
    granted = await gateway.open()
    frame = encode_frame(kind, b"\x90", is_content=is_content, ticket=TicketId(granted.ticket_id))
    gateway.link._write(frame)
    await cut(gateway)
    assert (Event.FRAME_REFUSED, {"kind": kind, "code": "crossing_broken"}) in journal.events


@pytest.mark.parametrize("lie", [("words as a model", "pcm_8000", 5), ("eleven_v3", "words", 5)])
async def test_units_of_a_model_or_format_that_does_not_exist_cut_the_link(
    gateway: GatewayDouble, lie: tuple[str, str, int]
) -> None:
    """T31: what is written of a ZERO request comes from closed sets."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    gateway.link.post(ReserveUnits(*lie), ticket=TicketId(granted.ticket_id))
    await cut(gateway)


async def test_an_alignment_of_unequal_lists_cuts_the_link(gateway: GatewayDouble) -> None:
    granted = await gateway.open()
    gateway.link.post(KeepAlignment(False, ["a", "b"], [0.0], [0.1]), ticket=TicketId(granted.ticket_id))
    await cut(gateway)


async def test_a_zero_ticket_asks_no_question(gateway: GatewayDouble) -> None:
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    for question in (CreateServiceAccount(CANARY), ListHistory(5, search=CANARY), CheckRequestIds([CANARY], [])):
        refused = await gateway.ask(question, Refused, granted.ticket_id)
        assert refused.code == ErrorCode.UNKNOWN_TICKET


@pytest.mark.claim("Z11")
async def test_what_arrived_of_a_kept_request_is_kept_when_its_gateway_dies(vault: Vault) -> None:
    audio = os.urandom(700_000)
    async with GatewayDouble.connected(vault) as dying:
        granted = await dying.open()
        await dying.reserve(granted, 5, UnitsReserved)
        dying.keep(granted, "words", audio)
        await settled(dying)
    while len(vault.intake.tickets):
        await asyncio.sleep(0.001)
    await vault.intake.drain()
    async with GatewayDouble.connected(vault) as gateway:
        item = GetHistoryItem(granted.history_item_id)
        view = await gateway.question("GET /v1/history/{item}", item, HistoryItemView)
        assert (view.text, view.audio_bytes) == ("words", len(audio))


async def test_reserving_counts_units_by_model_and_refuses_those_over_the_limit(
    vault: Vault, gateway: GatewayDouble
) -> None:
    granted = await gateway.open()
    workspace = vault.administration.accounts.workspaces[granted.workspace_id]
    assert (await gateway.reserve(granted, 7, UnitsReserved, model="eleven_flash_v2")).cost == 4
    meter = vault.administration.accounts.meter(granted.workspace_id)
    assert meter.character_count == 4
    meter.character_count = workspace.character_limit - 5
    assert (await gateway.reserve(granted, 6, Refused)).code == ErrorCode.QUOTA_EXCEEDED
    assert (await gateway.reserve(granted, 5, UnitsReserved)).cost == 5


async def test_units_are_reserved_for_generations_only(gateway: GatewayDouble) -> None:
    granted = await gateway.open("GET /v1/history", voice_id="")
    assert (await gateway.reserve(granted, 5, Refused)).code == ErrorCode.UNKNOWN_TICKET


async def test_a_grant_has_the_voice_or_none(gateway: GatewayDouble) -> None:
    known, unknown = await gateway.open(), await gateway.open(voice_id="nobody")
    assert known.voice is not None
    assert (known.voice.voice_id, known.voice.catalogue_id) == (VOICE, VOICE)
    assert known.voice.settings["speed"] == 1.0
    assert unknown.voice is None


async def test_requests_over_the_limit_wait_and_are_let_in_or_refused_at_the_deadline(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "narrow", concurrent_requests_max=1)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        first = await gateway.open()
        assert (first.current_concurrent, first.maximum_concurrent) == (1, 1)
        second = asyncio.create_task(gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), TicketGranted))
        late = asyncio.create_task(gateway.ask(OpenTicket(TTS, KEY, Switch.LOGGING_OFF, VOICE), Refused))
        await settled(gateway)
        assert not second.done()
        await gateway.close(first, TicketClosed)
        granted = await second
        clock.turn(10)
        vault.intake.expire()
        refused = await late
        assert (refused.code, refused.retry_after_s) == (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, 1)
        assert refused.mode is RetentionMode.ZERO
        await gateway.close(granted, TicketClosed)
        again = await gateway.open()
        assert again.current_concurrent == 1


async def test_policy_that_changed_while_somebody_waited_holds_for_them(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "narrow", concurrent_requests_max=1)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        first = await gateway.open()
        waiting = asyncio.create_task(gateway.ask(OpenTicket(TTS, KEY, Switch.LOGGING_OFF, VOICE), Refused))
        await settled(gateway)
        vault.host.missing = frozenset({"swap_on"})
        await gateway.close(first, TicketClosed)
        assert (await waiting).code == ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
        assert (await gateway.open()).current_concurrent == 1


async def test_who_cancels_gives_the_place_or_the_ticket_back(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "narrow", concurrent_requests_max=1)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        for state in ("granted", "waiting"):
            blocking = await gateway.open() if state == "waiting" else None
            with gateway.link.exchange() as exchange:
                exchange.post(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE))
                await settled(gateway)
                exchange.post(Cancel())
                await settled(gateway)
            if blocking is not None:
                await gateway.close(blocking, TicketClosed)
            following = await gateway.open()
            await gateway.close(following, TicketClosed, CloseStatus.REFUSED)
        assert len(vault.intake.tickets) == 0


async def test_reading_does_not_count_for_the_limit(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "narrow", concurrent_requests_max=1, queue_deadline_s=0.0)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.open()
        await settled(gateway)
        refused = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
        assert refused.code == ErrorCode.CONCURRENT_LIMIT_EXCEEDED


@pytest.mark.claim("Z11")
@ON_FILES
async def test_a_store_that_fails_refuses_the_close_and_new_requests_until_it_works(
    vault: Vault, gateway: GatewayDouble, config: VaultConfig
) -> None:
    granted = await gateway.open()
    shelf = Path(config.data_directory) / "objects" / granted.history_item_id[:2]
    shelf.write_bytes(b"no folder can be made here")
    gateway.keep(granted, "words", b"audio")
    refused = await gateway.close(granted, Refused)
    assert (refused.code, refused.retry_after_s) == (ErrorCode.STORE_UNAVAILABLE, 1)
    page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
    assert page.items == []
    writer = vault._storage.writer
    writer.is_failing = True
    refused = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
    assert (refused.code, refused.retry_after_s) == (ErrorCode.ENGINE_UNAVAILABLE, 1)
    writer.is_failing = False


async def test_request_ids_of_kept_requests_can_be_continued_and_no_others(gateway: GatewayDouble) -> None:
    """C13: one of a zero-retention request is as unknown as a random one."""
    kept = await gateway.open()
    gateway.keep(kept, "words", b"audio")
    await gateway.close(kept, TicketClosed)
    zero = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.close(zero, TicketClosed)
    asking = await gateway.open()
    await gateway.ask(CheckRequestIds([kept.request_id], []), Done, asking.ticket_id)
    answers = [
        await gateway.ask(CheckRequestIds([], [request_id]), Refused, asking.ticket_id)
        for request_id in (zero.request_id, "never", "f" * 32)
    ]
    assert {(answer.code, answer.param, answer.message) for answer in answers} == {
        (ErrorCode.INVALID_REQUEST_ID.value, "next_request_ids", answers[0].message)
    }
