"""Reading the account, usage, voices."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.voices import VOICES
from echoless.crossing.number_records import (
    AuditEntries,
    GetUsage,
    ListAuditEntries,
    Usage,
)
from echoless.crossing.query_records import (
    Account,
    Done,
    EditVoiceSettings,
    GetAccount,
    GetVoice,
    ListVoices,
    VoiceList,
    VoiceView,
)
from echoless.crossing.records import Refused, TicketClosed, UnitsReserved
from echoless.retention.decision import Switch
from echoless.vault.service.vault import Vault
from echoless.vault.stores.accounts import next_month_unix
from tests.fakes.gateway_double import KEY, MODEL, VOICE, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
USAGE = "GET /v1/usage/character-stats"
HOUR_MS = 3_600_000


async def test_the_account_says_what_was_used_and_when_it_starts_anew(
    gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """C12: zero-retention requests count like others."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    await gateway.reserve(granted, 40, UnitsReserved)
    await gateway.close(granted, TicketClosed)
    account = await gateway.question("GET /v1/user", GetAccount(), Account)
    assert (account.tier, account.character_count, account.key_hint) == ("enterprise", 40, KEY[-4:])
    assert account.next_reset_unix == next_month_unix(clock.unix_ms() // 1000)
    assert account.character_limit > 10**9


async def test_usage_comes_in_buckets_by_label(gateway: GatewayDouble, clock: TurnedClock) -> None:
    start = clock.unix_ms() - clock.unix_ms() % HOUR_MS
    for _ in range(2):
        await gateway.make("ten chars!")
    clock.turn(3600)
    await gateway.make("words")
    record = GetUsage(start, start + 3 * HOUR_MS, 3600, "model", "tts_characters")
    usage = await gateway.question(USAGE, record, Usage)
    assert usage.bucket_start_ms == [start, start + HOUR_MS, start + 2 * HOUR_MS]
    assert usage.series == {MODEL: [20.0, 5.0, 0.0]}
    whole = await gateway.question(USAGE, GetUsage(start, start + 3 * HOUR_MS, 0, "none", "request_count"), Usage)
    assert (whole.bucket_start_ms, whole.series) == ([start], {"All": [3.0]})
    empty = await gateway.question(USAGE, GetUsage(start, start, 0, "none", "credits"), Usage)
    assert (empty.bucket_start_ms, empty.series) == ([], {})


@pytest.mark.parametrize(
    "record",
    [
        GetUsage(5, 1, 0, "none", "credits"), GetUsage(0, 2**45, 3600, "none", "credits"),
        GetUsage(0, 1, 60, "none", "credits"), GetUsage(0, 1, 0, "words", "credits"),
        GetUsage(0, 1, 0, "none", "words"),
    ],
)  # fmt: skip
async def test_usage_that_cannot_be_counted_is_refused(gateway: GatewayDouble, record: GetUsage) -> None:
    assert (await gateway.question(USAGE, record, Refused)).code == ErrorCode.INVALID_PARAMETERS


async def test_usage_lies_in_the_bucket_in_which_it_was_used(gateway: GatewayDouble, clock: TurnedClock) -> None:
    """A span that begins in the middle of an hour, as every program's that counts back from now."""
    hour = clock.unix_ms() - clock.unix_ms() % HOUR_MS
    clock.turn((hour + HOUR_MS + 60_000 - clock.unix_ms()) / 1000)
    await gateway.make("words")
    record = GetUsage(hour + 1_800_000, hour + 2 * HOUR_MS - 1, 3600, "none", "tts_characters")
    usage = await gateway.question(USAGE, record, Usage)
    assert usage.bucket_start_ms == [hour, hour + HOUR_MS]
    assert usage.series == {"All": [0.0, 5.0]}


async def test_all_voices_are_listed_and_one_is_found(gateway: GatewayDouble) -> None:
    listed = await gateway.question("GET /v1/voices", ListVoices(), VoiceList)
    assert [view.voice_id for view in listed.voices] == [voice.catalogue_id for voice in VOICES]
    one = await gateway.question("GET /v1/voices/{voice}", GetVoice(VOICE), VoiceView)
    assert one in listed.voices
    refused = await gateway.question("GET /v1/voices/{voice}", GetVoice("never"), Refused)
    assert refused.code == ErrorCode.VOICE_NOT_FOUND


async def test_stored_settings_of_a_voice_come_with_the_next_grant(gateway: GatewayDouble) -> None:
    edit = "POST /v1/voices/{voice}/settings/edit"
    await gateway.question(edit, EditVoiceSettings(VOICE, {"speed": 1.2}), Done)
    await gateway.question(edit, EditVoiceSettings(VOICE, {"stability": 0.1}), Done)
    granted = await gateway.open()
    assert granted.voice is not None
    assert (granted.voice.settings["speed"], granted.voice.settings["stability"]) == (1.2, 0.1)
    refused = await gateway.question(edit, EditVoiceSettings(VOICE, {"speed": 99.0}), Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "speed")
    assert (await gateway.question(edit, EditVoiceSettings("never", {}), Refused)).code == ErrorCode.VOICE_NOT_FOUND


async def test_the_trail_pages_by_cursor(vault: Vault, gateway: GatewayDouble) -> None:
    accounts = vault.administration.accounts
    workspace_id = next(iter(accounts.workspaces))
    for number in range(3):
        await vault.administration.create_service_account(workspace_id, f"robot {number}", "k")
    trail = "GET /v1/workspace/audit-logs"
    first = await gateway.question(trail, ListAuditEntries(2), AuditEntries)
    assert len(first.entries) == 2
    rest = await gateway.question(trail, ListAuditEntries(5, first.next_cursor), AuditEntries)
    assert [entry.activity for entry in rest.entries] == ["service_account.create", "workspace.create"]
    assert rest.next_cursor == ""
