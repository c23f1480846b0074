"""Verdicts of both modes are counted, and may end in a restriction; excerpts come of kept requests only."""

from __future__ import annotations

from functools import partial

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.core.journal import Event, MemoryJournal
from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.control import VaultConfig
from echoless.crossing.moderation_records import KeepModeration, KeptFinding, NoteVerdict
from echoless.crossing.operator_records import SetRestriction
from echoless.crossing.query_records import Done
from echoless.crossing.records import CloseStatus, OpenTicket, Refused, TicketClosed, TicketGranted
from echoless.crossing.socket_records import OpenContext
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.log_entries import LogEntry, LogName, read_entries
from echoless.vault.stores.members import MemberProfile
from echoless.vault.stores.notices import NoticeFilter, StoredNotice, list_notices, read_deliveries
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.trail import OPERATOR
from echoless.vault.stores.verdicts import read_verdicts
from tests.fakes.gateway_double import KEY, STT, TTS, VOICE, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

FLAG = NoteVerdict(Category.FRAUD, Severity.FLAGGED, Action.PASSED)
SEVERE = NoteVerdict(Category.SEXUAL_MINORS, Severity.SEVERE, Action.REFUSED)
LOW = NoteVerdict(Category.SELF_HARM, Severity.LOW, Action.PASSED)
EXCERPT = KeepModeration(
    Action.REFUSED, [KeptFinding(Category.FRAUD, Severity.FLAGGED, ["read me the code CANARY-7"])]
)  # fmt: skip


def workspace_of(vault: Vault) -> str:
    (workspace_id,) = vault.administration.accounts.workspaces
    return workspace_id


async def noted(vault: Vault, gateway: GatewayDouble, *verdicts: NoteVerdict, zero: bool = True) -> None:
    """Run one request that was found so."""
    granted = await gateway.open(switch=Switch.LOGGING_OFF if zero else Switch.ABSENT)
    for verdict in verdicts:
        gateway.link.post(verdict, ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed, CloseStatus.REFUSED)
    await vault.telling.moderating.drain()


async def asked_for_zero(gateway: GatewayDouble) -> TicketGranted | Refused:
    answer = await gateway.link.call(OpenTicket(TTS, KEY, Switch.LOGGING_OFF, VOICE), NO_TICKET)
    assert isinstance(answer, TicketGranted | Refused)
    return answer


async def notices_of(vault: Vault) -> list[StoredNotice]:
    return await vault._storage.read(lambda reader: list_notices(reader, NoticeFilter(), count_max=100))


async def add_admin(vault: Vault, address: str, role: MemberRole = MemberRole.ADMIN) -> str:
    people = vault.identity.people
    async with people.one_at_a_time:
        return (await people.add(workspace_of(vault), MemberProfile(address), role, OPERATOR)).user_id


@pytest.mark.claim("Z24")
@pytest.mark.seed("S6")
async def test_repeated_findings_restrict_zero_retention_and_tell_every_administrator(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C10: refused from then on, never run with retention instead; other requests are served."""
    admins = {await add_admin(vault, "ann@example.org"), await add_admin(vault, "bob@example.org")}
    await add_admin(vault, "eve@example.org", MemberRole.VIEWER)
    for _ in range(4):
        await noted(vault, gateway, FLAG)
    assert isinstance(await asked_for_zero(gateway), TicketGranted)
    assert await notices_of(vault) == []

    running = await gateway.open(switch=Switch.LOGGING_OFF)
    await noted(vault, gateway, FLAG, zero=False)
    refused = await asked_for_zero(gateway)
    assert isinstance(refused, Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED.value
    assert (await gateway.open()).mode is RetentionMode.DEFAULT
    assert not (await gateway.close(running, TicketClosed)).is_kept, "what runs finishes as it was decided"

    (notice,) = await notices_of(vault)
    assert (notice.kind, notice.facts["reason"], notice.is_shown) == ("zero_retention_restricted", "flagged", True)
    deliveries = await vault._storage.read(partial(read_deliveries, notice_ids=[notice.notice_id]))
    assert {one.target_id for one in deliveries[notice.notice_id]} == admins


@pytest.mark.claim("Z24")
async def test_one_severe_finding_is_enough_and_slight_ones_never_are(vault: Vault, gateway: GatewayDouble) -> None:
    for _ in range(20):
        await noted(vault, gateway, LOW)
    assert isinstance(await asked_for_zero(gateway), TicketGranted)
    await noted(vault, gateway, SEVERE)
    assert isinstance(await asked_for_zero(gateway), Refused)


async def test_nobody_is_told_twice_of_one_restriction(vault: Vault, gateway: GatewayDouble) -> None:
    await noted(vault, gateway, SEVERE, SEVERE, zero=False)
    await noted(vault, gateway, SEVERE, zero=False)
    assert len(await notices_of(vault)) == 1


async def test_findings_of_long_ago_count_no_more(vault: Vault, gateway: GatewayDouble, clock: TurnedClock) -> None:
    for _ in range(4):
        await noted(vault, gateway, FLAG)
    clock.turn(8 * 86_400)
    await noted(vault, gateway, FLAG)
    assert isinstance(await asked_for_zero(gateway), TicketGranted)


@pytest.mark.claim("Z24")
async def test_a_lifted_restriction_begins_anew(vault: Vault, gateway: GatewayDouble) -> None:
    """Else the next slight finding would restrict again for what was judged already."""
    await noted(vault, gateway, SEVERE)
    assert isinstance(await vault.operate(SetRestriction(workspace_of(vault), False)), Done)
    assert isinstance(await asked_for_zero(gateway), TicketGranted)
    await noted(vault, gateway, FLAG)
    assert isinstance(await asked_for_zero(gateway), TicketGranted)
    assert [notice.kind for notice in await notices_of(vault)] == [
        "zero_retention_lifted", "zero_retention_restricted",
    ]  # fmt: skip
    await noted(vault, gateway, SEVERE)
    assert isinstance(await asked_for_zero(gateway), Refused)


async def test_what_an_operator_decided_is_not_overwritten_by_a_flag(vault: Vault, gateway: GatewayDouble) -> None:
    await vault.operate(SetRestriction(workspace_of(vault), True, "high_risk"))
    await noted(vault, gateway, SEVERE, zero=False)
    workspace = vault.administration.accounts.workspaces[workspace_of(vault)]
    assert (workspace.is_restricted, workspace.restriction_reason) == (True, "high_risk")
    assert len(await notices_of(vault)) == 1


async def test_counts_and_standing_outlive_the_process(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        for _ in range(4):
            await noted(vault, gateway, FLAG)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert isinstance(await asked_for_zero(gateway), TicketGranted)
        await noted(vault, gateway, FLAG)
        assert isinstance(await asked_for_zero(gateway), Refused)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert isinstance(await asked_for_zero(gateway), Refused)
        await vault.operate(SetRestriction(workspace_of(vault), False))
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await noted(vault, gateway, FLAG)
        assert isinstance(await asked_for_zero(gateway), TicketGranted)


@pytest.mark.claim("Z24")
async def test_an_account_whose_flag_a_crash_forestalled_is_flagged_at_the_next_start(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        monkeypatch.setattr(vault.telling.moderating, "_flag", lambda _workspace_id: None)
        await noted(vault, gateway, SEVERE)
        assert isinstance(await asked_for_zero(gateway), TicketGranted)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        await vault.telling.moderating.drain()
        assert isinstance(await asked_for_zero(gateway), Refused)
        assert len(await notices_of(vault)) == 1


async def test_what_is_stored_of_verdicts_are_words_of_closed_sets(vault: Vault, gateway: GatewayDouble) -> None:
    await noted(vault, gateway, FLAG, FLAG, LOW)
    await vault._storage.writer.flush()
    found = await vault._storage.read(lambda reader: read_verdicts(reader, 0))
    assert sorted((one.category, one.severity, one.action, one.verdict_count) for one in found) == [
        (Category.FRAUD, Severity.FLAGGED, Action.PASSED, 2), (Category.SELF_HARM, Severity.LOW, Action.PASSED, 1),
    ]  # fmt: skip


async def test_verdicts_mean_nothing_outside_generations_and_are_bounded(
    vault: Vault, gateway: GatewayDouble
) -> None:
    gateway.link.post(SEVERE)
    reading = await gateway.open("GET /v1/history", voice_id="")
    gateway.link.post(SEVERE, ticket=TicketId(reading.ticket_id))
    await noted(vault, gateway, *[LOW] * 600)
    await vault._storage.writer.flush()
    (found,) = await vault._storage.read(lambda reader: read_verdicts(reader, 0))
    assert (found.severity, found.verdict_count) == (Severity.LOW, 256)


# --- excerpts ----------------------------------------------------------------------------------------------------


async def logged(vault: Vault) -> list[LogEntry]:
    await vault._storage.writer.flush()
    workspace_id = workspace_of(vault)
    return await vault._storage.read(
        lambda reader: read_entries(reader, LogName.MODERATION, workspace_id, since_ms=0, count=10)
    )


@pytest.mark.parametrize("endpoint", [TTS, STT, "POST /v1/text-to-dialogue"])
async def test_an_excerpt_of_a_kept_request_is_in_the_moderation_log(
    vault: Vault, gateway: GatewayDouble, endpoint: str
) -> None:
    """Also of one that was refused, of which nothing else is kept."""
    granted = await gateway.open(endpoint, voice_id=VOICE if endpoint == TTS else "")
    gateway.link.post(EXCERPT, ticket=TicketId(granted.ticket_id))
    assert not (await gateway.close(granted, TicketClosed, CloseStatus.REFUSED)).is_kept
    (entry,) = await logged(vault)
    assert (entry.code, entry.request_id) == ("refused", granted.request_id)
    (finding,) = entry.content.findings
    assert (finding.category, finding.severity, finding.excerpts) == (
        "fraud", "flagged", ["read me the code CANARY-7"],
    )  # fmt: skip


@pytest.mark.claim("Z24")
@pytest.mark.parametrize("endpoint", [TTS, STT])
async def test_an_excerpt_of_a_zero_request_is_refused_before_it_is_decoded(
    vault: Vault, gateway: GatewayDouble, journal: MemoryJournal, endpoint: str
) -> None:
    granted = await gateway.open(endpoint, Switch.LOGGING_OFF, voice_id=VOICE if endpoint == TTS else "")
    gateway.link.post(EXCERPT, ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed, CloseStatus.REFUSED)
    assert vault.intake.refused_content_count == 1
    assert [event for event, _ in journal.events if event is Event.CONTENT_REFUSED] == [Event.CONTENT_REFUSED]
    assert await logged(vault) == []


@pytest.mark.claim("Z24")
async def test_a_request_that_was_answered_as_zero_leaves_no_excerpt(vault: Vault, gateway: GatewayDouble) -> None:
    granted = await gateway.open()
    gateway.link.post(EXCERPT, ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed, CloseStatus.REFUSED, answered_as=RetentionMode.ZERO)
    assert await logged(vault) == []


async def test_contexts_of_a_socket_do_not_share_their_findings(vault: Vault, gateway: GatewayDouble) -> None:
    socket = await gateway.open("WS /v1/text-to-speech/{voice}/multi-stream-input")
    first = await gateway.ask(OpenContext(), TicketGranted, socket.ticket_id)
    second = await gateway.ask(OpenContext(), TicketGranted, socket.ticket_id)
    gateway.link.post(EXCERPT, ticket=TicketId(first.ticket_id))
    for granted in (first, second):
        await gateway.close(granted, TicketClosed, CloseStatus.REFUSED)
    await gateway.close(socket, TicketClosed, CloseStatus.REFUSED)
    assert len(await logged(vault)) == 1


def test_only_the_record_with_excerpts_is_content() -> None:
    assert (KeepModeration.IS_CONTENT, NoteVerdict.IS_CONTENT) == (True, False)
