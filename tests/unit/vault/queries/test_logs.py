"""The logs that hold content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.log_records import GetLogSettings, LogPage, LogSettings, ReadLog, SetLogSettings
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    DeleteHistoryItem,
    Done,
    GetHistoryItem,
    HistoryItemView,
)
from echoless.crossing.records import CloseStatus, Record, Refused, TicketClosed, UnitsReserved
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.queries import logs
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.log_entries import Finding, LogContent, LogName, RequestNamed
from tests.fakes.gateway_double import MODEL, TTS, VOICE, GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
DAY_S = 86_400
REASON = "ticket 4711: no sound"
SETTINGS, TRAIL = "GET /v1/workspace/logs", "GET /v1/workspace/audit-logs"
DELETE, ITEM = "DELETE /v1/history/{item}", "GET /v1/history/{item}"
R = TypeVar("R", bound=Record)


async def operate(vault: Vault, record: Record, expected: type[R]) -> R:
    answer = await vault.operate(record)
    assert isinstance(answer, expected), (answer, getattr(answer, "message", ""))
    return answer


def workspace_of(vault: Vault) -> str:
    return next(iter(vault._storage.accounts.workspaces))


async def read(vault: Vault, log: str = "debug", **changes: object) -> LogPage:
    await vault._storage.writer.flush()
    question = msgspec.structs.replace(ReadLog(log, workspace_of(vault), REASON, 100), **changes)
    return await operate(vault, question, LogPage)


async def test_the_debug_log_has_what_was_asked_for_and_how_it_ended(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    item_id = await gateway.make("What was said.")
    failed = await gateway.open()
    await gateway.reserve(failed, 5, UnitsReserved)
    gateway.keep(failed, "It broke.", b"")
    changes = {"http_status": 500, "error_code": ErrorCode.INTERNAL_ERROR.value}
    await gateway.close(failed, TicketClosed, CloseStatus.FAILED, **changes)
    newest, oldest = (await read(vault)).entries
    assert (oldest.text, oldest.code, oldest.item_id) == ("What was said.", "", item_id)
    assert (oldest.endpoint, oldest.model_id, oldest.voice_id) == (TTS, MODEL, VOICE)
    assert (oldest.previous_text, oldest.next_text, oldest.time_ms) == ("before", None, clock.now_ms)
    assert oldest.parameters["settings.stability"] == 0.5
    assert (oldest.parameters["seed"], oldest.parameters["language_code"]) == (7, "en")
    assert (newest.text, newest.code, newest.request_id) == ("It broke.", "internal_error", failed.request_id)
    assert newest.parameters["http_status"] == 500


@pytest.mark.claim("Z25")
@pytest.mark.seed("S22")
async def test_a_zero_request_has_no_entry_however_it_ends(vault: Vault, gateway: GatewayDouble) -> None:
    """S3.10, C30: also one that was granted as DEFAULT and answered as ZERO."""
    for status in (CloseStatus.DONE, CloseStatus.FAILED, CloseStatus.REFUSED, CloseStatus.CLIENT_LEFT):
        zero = await gateway.open(switch=Switch.LOGGING_OFF)
        await gateway.reserve(zero, 5, UnitsReserved)
        await gateway.close(zero, TicketClosed, status, error_code=ErrorCode.INTERNAL_ERROR.value)
    answered = await gateway.open()
    gateway.keep(answered, "words", b"audio")
    await gateway.close(answered, TicketClosed, answered_as=RetentionMode.ZERO)
    assert (await read(vault)).entries == []
    await gateway.make("a control")
    assert len((await read(vault)).entries) == 1


async def test_entries_are_sealed(vault: Vault, gateway: GatewayDouble, config: VaultConfig) -> None:
    await gateway.make("canary in the log")
    vault.log_book.note(
        LogName.MODERATION, RequestNamed(workspace_of(vault), "r", "i"), "flagged",
        LogContent(TTS, "k", findings=[Finding("violence", "high", ["canary excerpt"])]),
    )  # fmt: skip
    await read(vault, reason="canary reason")
    await vault._storage.writer.flush()
    found = [path.read_bytes() for path in Path(config.data_directory).rglob("*") if path.is_file()]
    assert not [data for data in found if b"canary" in data]
    (entry,) = (await read(vault, "moderation")).entries
    assert (entry.code, entry.findings[0].excerpts) == ("flagged", ["canary excerpt"])


@pytest.mark.claim("Z25")
async def test_nobody_reads_without_a_reason_and_the_reason_is_on_the_workspaces_trail(
    vault: Vault, gateway: GatewayDouble
) -> None:
    await gateway.make("words")
    for reason in ("", "  ", "..", "a\nb\nc", "x" * 301, "asked by jane@example.com"):
        refused = await operate(vault, ReadLog("debug", workspace_of(vault), reason, 10), Refused)
        assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS.value, "reason")
    before = await gateway.question(TRAIL, ListAuditEntries(10), AuditEntries)
    assert not [entry for entry in before.entries if entry.activity.startswith("logs.")]
    await read(vault)
    await read(vault, "moderation", reason="a complaint")
    trail = (await gateway.question(TRAIL, ListAuditEntries(10), AuditEntries)).entries
    acts = [(entry.actor_id, entry.activity, entry.reason) for entry in trail[:2]]
    assert acts == [
        ("operator", "logs.read_moderation", "a complaint"),
        ("operator", "logs.read_debug", REASON),
    ]


async def test_what_could_not_be_put_on_the_trail_is_not_shown(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    await gateway.make("words")
    await vault._storage.writer.flush()

    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr("echoless.vault.stores.writer.execute_group", fail)
    question = ReadLog("debug", workspace_of(vault), REASON, 10)
    refused = await operate(vault, question, Refused)
    assert refused.code == ErrorCode.STORE_UNAVAILABLE.value


async def test_pages_follow_each_other_and_one_request_can_be_asked_for(
    vault: Vault, gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(7):
        await gateway.make(f"words {index}")
    monkeypatch.setattr(logs, "_STEP", 2)
    seen, before = [], 0
    while True:
        page = await read(vault, count=3, before_sequence=before)
        seen += [entry.text for entry in page.entries]
        before = page.entries[-1].sequence
        if not page.has_more:
            break
    assert seen == [f"words {index}" for index in reversed(range(7))]
    monkeypatch.setattr(logs, "PAGE_BYTES_MAX", 700)
    large = await read(vault)
    assert 0 < len(large.entries) < 7
    assert large.has_more
    one = await read(vault, request_id=large.entries[0].request_id)
    assert [entry.text for entry in one.entries] == ["words 6"]


async def test_another_workspaces_entries_and_logs_that_there_are_not(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.make("words")
    other, _, _ = await vault.administration.create_workspace("other", "pro", is_entitled=False)
    assert (await read(vault, workspace_id=other.workspace_id)).entries == []
    unknown = await operate(vault, ReadLog("debug", "nobody", REASON, 10), Refused)
    assert unknown.code == ErrorCode.NOT_FOUND.value
    assert (await operate(vault, ReadLog("access", workspace_of(vault), REASON, 10), Refused)).param == "log"


@pytest.mark.claim("Z25")
@pytest.mark.seed("S25")
async def test_entries_outlive_their_item_until_their_own_day(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """S25: a deleted generation leaves debug and moderation logs to their own schedule."""
    item_id = await gateway.make("words")
    note_finding(vault, item_id)
    await gateway.question(DELETE, DeleteHistoryItem(item_id), Done)
    assert [entry.text for entry in (await read(vault)).entries] == ["words"]
    clock.turn(30 * DAY_S)
    assert (await read(vault)).entries == [], "what has had its days is not shown while it waits"
    await vault.schedule.run_once()
    assert len((await read(vault, "moderation")).entries) == 1
    clock.turn(60 * DAY_S)
    await vault.schedule.run_once()
    assert (await read(vault, "moderation")).entries == []


@pytest.mark.claim("Z25")
async def test_entries_go_with_their_item_where_the_workspace_wishes_so(
    vault: Vault, gateway: GatewayDouble, config: VaultConfig
) -> None:
    """erase_logs_with_item: of this item, in both logs, key first and named in the ledger; of no other."""
    shown = await gateway.question(SETTINGS, GetLogSettings(), LogSettings)
    assert (shown.erase_logs_with_item, shown.debug_log_days, shown.moderation_log_days) == (False, 30, 90)
    changed = await gateway.question("PATCH /v1/workspace/logs", SetLogSettings(True), LogSettings)
    assert changed.erase_logs_with_item
    kept, gone = await gateway.make("kept"), await gateway.make("gone")
    note_finding(vault, gone)
    await gateway.question(DELETE, DeleteHistoryItem(gone), Done)
    assert [entry.item_id for entry in (await read(vault)).entries] == [kept]
    assert (await read(vault, "moderation")).entries == []
    assert len([name for batch in vault._storage.ledger.batches() for name in batch]) == 3
    trail = (await gateway.question(TRAIL, ListAuditEntries(10), AuditEntries)).entries
    assert [entry.activity for entry in trail if entry.activity == "logs.erase_with_item"]


async def test_the_wish_is_remembered_by_the_next_process(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await gateway.question("PATCH /v1/workspace/logs", SetLogSettings(True), LogSettings)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert (await gateway.question(SETTINGS, GetLogSettings(), LogSettings)).erase_logs_with_item


async def test_who_may_only_read_the_workspace_changes_nothing(vault: Vault, gateway: GatewayDouble) -> None:
    accounts = vault._storage.accounts
    key = next(iter(accounts.keys.values()))
    accounts.put_key(replace(key, scopes=frozenset({"workspace_read"})))
    shown = await gateway.open(SETTINGS, voice_id="")
    refused = await gateway.ask(SetLogSettings(True), Refused, TicketId(shown.ticket_id))
    assert refused.code in {ErrorCode.UNKNOWN_TICKET.value, ErrorCode.MISSING_PERMISSIONS.value}
    assert not accounts.workspaces[key.workspace_id].erase_logs_with_item


async def test_a_log_whose_life_is_no_day_is_not_written(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    none = config_for(config.data_directory, stores=config.stores, debug_log_days=0)
    async with open_vault(none, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        item_id = await gateway.make("words")
        assert (await read(vault)).entries == []
        assert (await gateway.question(ITEM, GetHistoryItem(item_id), HistoryItemView)).text == "words"


def note_finding(vault: Vault, item_id: str) -> None:
    content = LogContent(TTS, "k", findings=[Finding("violence", "high", ["words"])])
    vault.log_book.note(LogName.MODERATION, RequestNamed(workspace_of(vault), "r", item_id), "flagged", content)
