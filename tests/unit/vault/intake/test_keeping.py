"""Keeping what may be kept, and the last word on every request."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.number_records import GetUsage, ListRequests, RequestRow, RequestRows, Usage
from echoless.crossing.records import CloseStatus, KeepText, TicketClosed, UnitsReserved
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.intake.keeping import Keeper
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import FORMAT, MODEL, TTS, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
LOG = "POST /v1/workspace/analytics/requests"
USAGE = "GET /v1/usage/character-stats"


async def rows(gateway: GatewayDouble) -> list[RequestRow]:
    return (await gateway.question(LOG, ListRequests(0, 0, 100), RequestRows)).rows


@pytest.mark.claim("Z9")
async def test_both_modes_leave_the_same_kind_of_row_and_zero_leaves_nothing_else(
    gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """C12, C30: counters move; the row is the closed list."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.reserve(granted, 21, UnitsReserved)
    clock.turn(1)
    assert not (await gateway.close(granted, TicketClosed, duration_ms=400)).is_kept
    await gateway.make("kept words")
    kept, zero = await rows(gateway)
    assert (zero.mode, kept.mode) == (RetentionMode.ZERO, RetentionMode.DEFAULT)
    expected = {
        "request_id": granted.request_id, "workspace_id": granted.workspace_id, "endpoint": TTS,
        "product": "text_to_speech", "model_id": MODEL, "output_format": FORMAT, "characters": 21, "audio_ms": 1000,
        "duration_ms": 400, "http_status": 200, "error_code": "", "mode": RetentionMode.ZERO, "policy_version": 1,
        "start_unix": clock.unix_ms() // 1000 - 1, "key_id": zero.key_id,
    }  # fmt: skip
    assert msgspec.structs.asdict(zero) == expected
    asked = GetUsage(0, clock.unix_ms() + 3_600_000, 0, "none", "request_count")
    assert (await gateway.question(USAGE, asked, Usage)).series == {"All": [2.0]}


@pytest.mark.claim("Z9")
async def test_a_request_that_was_answered_as_zero_has_a_row_that_says_so_and_leaves_nothing_else(
    gateway: GatewayDouble,
) -> None:
    """C2: a switch in a body is found after the decision; the answer says zero, and so does the row."""
    for status, answered_as in (
        (CloseStatus.DONE, RetentionMode.ZERO), (CloseStatus.REFUSED, RetentionMode.ZERO),
        (CloseStatus.REFUSED, RetentionMode.DEFAULT),
    ):  # fmt: skip
        granted = await gateway.open()
        gateway.keep(granted, "words that nobody keeps", bytes(1000))
        assert not (await gateway.close(granted, TicketClosed, status, answered_as=answered_as)).is_kept
    default, zero, other = (await rows(gateway))[:3]
    assert (other.mode, zero.mode, default.mode) == (
        RetentionMode.ZERO, RetentionMode.ZERO, RetentionMode.DEFAULT,
    )  # fmt: skip


@pytest.mark.claim("Z9")
async def test_a_gateway_cannot_smuggle_words_or_numbers_into_a_row(
    gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """C30, T32: codes come from a closed set, times are bounded by the vault's own clock."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    clock.turn(2)
    lie = {
        "error_code": "the-patient-said", "http_status": 0x7468657920,
        "audio_ms": 2**50, "duration_ms": 2**50, "audio_bytes": 2**50,
    }  # fmt: skip
    await gateway.close(granted, TicketClosed, **lie)
    row = (await rows(gateway))[0]
    assert (row.error_code, row.http_status) == ("other", 0)
    assert (row.audio_ms, row.duration_ms) == (24 * 3600 * 1000, 2000)


@pytest.mark.parametrize(
    ("status", "charged"),
    [
        (CloseStatus.DONE, 10), (CloseStatus.CLIENT_LEFT, 10), (CloseStatus.REFUSED, 0), (CloseStatus.FAILED, 0),
    ],
)  # fmt: skip
async def test_units_go_back_where_nothing_was_made(
    vault: Vault, gateway: GatewayDouble, status: CloseStatus, charged: int
) -> None:
    granted = await gateway.open()
    await gateway.reserve(granted, 10, UnitsReserved)
    meter = vault.administration.accounts.meter(granted.workspace_id)
    assert meter.character_count == 10
    await gateway.close(granted, TicketClosed, status)
    assert meter.character_count == charged
    assert (await rows(gateway))[0].characters == charged


@pytest.mark.parametrize(
    ("status", "audio", "is_kept"),
    [
        (CloseStatus.DONE, b"audio", True), (CloseStatus.DONE, b"", True),
        (CloseStatus.CLIENT_LEFT, b"audio", True), (CloseStatus.CLIENT_LEFT, b"", False),
        (CloseStatus.FAILED, b"audio", False),
        (CloseStatus.REFUSED, b"", False),
    ],
)  # fmt: skip
async def test_an_item_appears_when_the_response_was_produced_also_when_the_client_left_midway(
    gateway: GatewayDouble, status: CloseStatus, audio: bytes, is_kept: bool
) -> None:
    granted = await gateway.open()
    await gateway.reserve(granted, 5, UnitsReserved)
    gateway.keep(granted, "words", audio)
    assert (await gateway.close(granted, TicketClosed, status)).is_kept is is_kept


async def test_a_second_text_is_no_honest_gateways(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open()
    ticket = next(iter(vault.intake.tickets._by_id.values()))
    keeper: Keeper = vault.intake._keeper
    keeper.keep_text(ticket, KeepText("one", {}))
    with pytest.raises(EcholessError, match="two texts"):
        keeper.keep_text(ticket, KeepText("two", {}))
    await gateway.close(granted, TicketClosed)
