"""The operator's door."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.operator_records import (
    CreateWorkspace,
    KeptFound,
    KeyList,
    ListVoiceAliases,
    ListWorkspaces,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
    SearchKept,
    SetConcurrency,
    SetRestriction,
    SetVoiceAlias,
    VoiceAliases,
    WorkspaceCreated,
    WorkspaceList,
)
from echoless.crossing.query_records import (
    Done,
    GetHistoryItem,
    HistoryItemView,
    HistoryPage,
    KeyCreated,
    ListHistory,
)
from echoless.crossing.records import (
    DialogueLine,
    KeepText,
    OpenTicket,
    Refused,
    TicketClosed,
    UnitsReserved,
)
from echoless.retention.decision import RetentionMode, Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import TTS, VOICE, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def workspace(vault: Vault, tier: str = "enterprise", is_entitled: bool = True) -> WorkspaceCreated:
    created = await vault.operate(CreateWorkspace("clinic", tier, is_entitled))
    assert isinstance(created, WorkspaceCreated)
    return created


@pytest.mark.claim("Z4")
async def test_a_free_workspace_speaks_but_gets_no_zero_retention(vault: Vault, gateway: GatewayDouble) -> None:
    """C1."""
    created = await workspace(vault, "free", False)
    assert (await gateway.open(key=created.secret)).mode is RetentionMode.DEFAULT
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.LOGGING_OFF, VOICE), Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED


@pytest.mark.claim("Z4")
async def test_a_restricted_workspace_is_refused_from_now_on_and_served_again_when_lifted(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C10: running requests finish; requests without the switch still run."""
    created = await workspace(vault)
    running = await gateway.open(key=created.secret, switch=Switch.LOGGING_OFF)
    await vault.operate(SetRestriction(created.workspace_id, True, "flagged"))
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.LOGGING_OFF, VOICE), Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED
    assert (await gateway.open(key=created.secret)).mode is RetentionMode.DEFAULT
    assert running.mode is RetentionMode.ZERO
    await vault.operate(SetRestriction(created.workspace_id, False))
    assert (await gateway.open(key=created.secret, switch=Switch.LOGGING_OFF)).mode is RetentionMode.ZERO
    answer = await vault.operate(SetRestriction(created.workspace_id, True, "because"))
    assert isinstance(answer, Refused)


@pytest.mark.seed("S4")
async def test_workspaces_do_not_see_each_other(vault: Vault, gateway: GatewayDouble) -> None:
    """C11: a foreign id answers exactly like one that never was."""
    created = await workspace(vault)
    foreign = await gateway.make("words of the first workspace")
    item = "GET /v1/history/{item}"
    gone = await gateway.question(item, GetHistoryItem(foreign), Refused, key=created.secret)
    never = await gateway.question(item, GetHistoryItem("never"), Refused, key=created.secret)
    assert (gone.code, gone.message, gone.param) == (never.code, never.message, never.param)
    page = await gateway.question("GET /v1/history", ListHistory(5), HistoryPage, key=created.secret)
    assert page.items == []
    page = await gateway.question("GET /v1/history", ListHistory(5, foreign), Refused, key=created.secret)
    assert (await gateway.question(item, GetHistoryItem(foreign), HistoryItemView)).item_id == foreign


async def test_workspaces_are_listed_with_their_numbers(vault: Vault, gateway: GatewayDouble) -> None:
    created = await workspace(vault)
    await gateway.make("words", key=created.secret)
    listed = await vault.operate(ListWorkspaces())
    assert isinstance(listed, WorkspaceList)
    numbers = {
        view.name: (view.key_count, view.history_item_count, view.character_count) for view in listed.workspaces
    }
    assert numbers == {"default": (1, 0, 0), "clinic": (1, 1, 5)}


async def test_keys_are_made_listed_and_revoked(vault: Vault, gateway: GatewayDouble) -> None:
    created = await workspace(vault)
    key = await vault.operate(OperatorCreateKey(created.workspace_id, "second", None, RetentionMode.ZERO))
    assert isinstance(key, KeyCreated)
    listed = await vault.operate(OperatorListKeys(created.workspace_id))
    assert isinstance(listed, KeyList)
    assert {view.name: view.retention for view in listed.keys} == {
        "owner": RetentionMode.DEFAULT, "second": RetentionMode.ZERO,
    }  # fmt: skip
    assert isinstance(await vault.operate(OperatorRevokeKey(key.key_id)), Done)
    refused = await gateway.ask(OpenTicket(TTS, key.secret, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY
    for record in (OperatorRevokeKey(key.key_id), OperatorListKeys("never")):
        answer = await vault.operate(record)
        assert isinstance(answer, Refused)
        assert answer.code == ErrorCode.NOT_FOUND


async def test_an_alias_speaks_at_once_and_can_be_taken_away(vault: Vault, gateway: GatewayDouble) -> None:
    assert isinstance(await vault.operate(SetVoiceAlias("my-voice", VOICE)), Done)
    granted = await gateway.open(voice_id="my-voice")
    assert granted.voice is not None
    assert (granted.voice.voice_id, granted.voice.catalogue_id) == ("my-voice", VOICE)
    assert await vault.operate(ListVoiceAliases()) == VoiceAliases({"my-voice": VOICE})
    await vault.operate(SetVoiceAlias("my-voice", ""))
    assert (await gateway.open(voice_id="my-voice")).voice is None
    for voice_id, catalogue_id in (("x", "nobody"), ("my-voice", ""), (VOICE, VOICE), ("", VOICE)):
        assert isinstance(await vault.operate(SetVoiceAlias(voice_id, catalogue_id)), Refused)


async def test_the_concurrency_of_a_workspace_is_its_own(vault: Vault, gateway: GatewayDouble) -> None:
    created = await vault.operate(CreateWorkspace("clinic", "pro", False, 2))
    assert isinstance(created, WorkspaceCreated)
    assert (await gateway.open(key=created.secret)).maximum_concurrent == 2
    assert isinstance(await vault.operate(SetConcurrency(created.workspace_id, 5)), Done)
    assert (await gateway.open(key=created.secret)).maximum_concurrent == 5
    listed = await vault.operate(ListWorkspaces())
    assert isinstance(listed, WorkspaceList)
    assert {view.name: view.concurrency_max for view in listed.workspaces} == {"default": None, "clinic": 5}
    await vault.operate(SetConcurrency(created.workspace_id, None))
    # Then that of its tier, where the server's own limit of 64 is not lower.
    assert (await gateway.open(key=created.secret)).maximum_concurrent == 20
    for record in (
        SetConcurrency(created.workspace_id, 0), SetConcurrency("never", 1),
        CreateWorkspace("n", "pro", False, 10_001)
    ):  # fmt: skip
        assert isinstance(await vault.operate(record), Refused)


async def test_kept_text_is_found_decrypted_over_all_workspaces(vault: Vault, gateway: GatewayDouble) -> None:
    """C34: the audit's positive control."""
    created = await workspace(vault)
    for number in range(70):
        await gateway.make(
            f"canary-{number}-end", key=created.secret if number % 2 else "sk_" + "0123456789abcdef" * 3
        )
    found = await vault.operate(SearchKept("canary-4"))
    assert isinstance(found, KeptFound)
    assert found.item_count == 11
    # What stands around a text is searched too.
    assert found.searched_bytes == sum(len(f"canary-{number}-end\nbefore") for number in range(70))
    assert await vault.operate(SearchKept("never said")) == KeptFound(0, found.searched_bytes)
    assert isinstance(await vault.operate(SearchKept("")), Refused)


@pytest.mark.parametrize("needle", ["first line", "second line", "said before", "said after"])
async def test_every_text_of_an_item_is_searched(vault: Vault, gateway: GatewayDouble, needle: str) -> None:
    """A search that passed a text over would call a leak of it clean (C34)."""
    lines = [DialogueLine("first line", "v", "n"), DialogueLine("second line", "v", "n")]
    granted = await gateway.open("POST /v1/text-to-dialogue")
    await gateway.reserve(granted, 21, UnitsReserved)
    kept = KeepText("", {}, previous_text="said before", next_text="said after", dialogue=lines)
    gateway.link.post(kept, ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed)
    found = await vault.operate(SearchKept(needle))
    assert isinstance(found, KeptFound)
    assert found.item_count == 1


async def test_what_is_no_question_of_an_operator_is_an_error(vault: Vault) -> None:
    with pytest.raises(EcholessError):
        await vault.operate(Done())
