"""The operator's door: entitlement, tier, limits, policy and keys."""

from __future__ import annotations

from typing import TypeVar

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.operator_policy_records import (
    OperatorEditKey,
    OperatorForesee,
    OperatorGetPolicy,
    OperatorGetRetention,
    OperatorSetPolicy,
    SetCharacters,
    SetEntitlement,
    SetTier,
    WorkspacePolicy,
)
from echoless.crossing.operator_records import CreateWorkspace, OperatorCreateKey, WorkspaceCreated
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, RetentionView
from echoless.crossing.query_records import (
    DeleteHistoryItem,
    Done,
    EditKey,
    GetHistoryItem,
    HistoryItemView,
    KeyCreated,
    KeyView,
)
from echoless.crossing.records import OpenTicket, Record, Refused
from echoless.retention.decision import Level, RetentionMode, Switch
from echoless.vault.service.vault import Vault
from echoless.vault.stores.accounts import CHARACTERS_BY_TIER
from echoless.vault.stores.notices import NoticeFilter, list_notices
from tests.fakes.gateway_double import TTS, VOICE, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
OFF = Switch.LOGGING_OFF
R = TypeVar("R", bound=Record)


async def operate(vault: Vault, record: Record, expected: type[R]) -> R:
    answer = await vault.operate(record)
    assert isinstance(answer, expected), (answer, getattr(answer, "message", ""))
    return answer


async def made(vault: Vault, tier: str = "enterprise", is_entitled: bool = True) -> WorkspaceCreated:
    return await operate(vault, CreateWorkspace("clinic", tier, is_entitled), WorkspaceCreated)


async def policy(vault: Vault, workspace_id: str) -> WorkspacePolicy:
    return await operate(vault, OperatorGetPolicy(workspace_id), WorkspacePolicy)


@pytest.mark.claim("Z4")
@pytest.mark.seed("S5")
async def test_entitlement_is_granted_and_withdrawn_and_holds_from_the_next_request_on(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C1: refused, never run with retention instead; what runs keeps the mode that it was granted."""
    created = await made(vault, is_entitled=False)
    ask = OpenTicket(TTS, created.secret, OFF, VOICE)
    assert (await gateway.ask(ask, Refused)).code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED
    await operate(vault, SetEntitlement(created.workspace_id, True), Done)
    running = await gateway.open(key=created.secret, switch=OFF)
    assert running.mode is RetentionMode.ZERO
    await operate(vault, SetEntitlement(created.workspace_id, False), Done)
    refused = await gateway.ask(ask, Refused)
    assert (refused.code, refused.mode) == (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, RetentionMode.ZERO)
    assert (await gateway.open(key=created.secret)).mode is RetentionMode.DEFAULT


@pytest.mark.claim("Z4")
async def test_only_enterprise_workspaces_can_be_entitled(vault: Vault) -> None:
    created = await made(vault, "business", False)
    refused = await operate(vault, SetEntitlement(created.workspace_id, True), Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "tier")


@pytest.mark.claim("Z3")
async def test_a_downgrade_of_an_enforced_workspace_refuses_and_never_keeps(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """T33: the plan goes, the promise does not turn into its opposite."""
    created = await made(vault)
    await operate(vault, OperatorSetPolicy(created.workspace_id, is_enforced=True), Done)
    await operate(vault, SetTier(created.workspace_id, "pro"), Done)
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT, VOICE), Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED
    found = await policy(vault, created.workspace_id)
    assert (found.tier, found.is_entitled, found.is_enforced) == ("pro", False, True)
    await operate(vault, SetTier(created.workspace_id, "enterprise"), Done)
    assert not (await policy(vault, created.workspace_id)).is_entitled
    refused = await operate(vault, SetTier(created.workspace_id, "gold"), Refused)
    assert refused.param == "tier"


async def test_the_quota_is_the_tiers_unless_the_operator_says_another(
    vault: Vault, gateway: GatewayDouble
) -> None:
    created = await made(vault, "free", False)
    assert (await policy(vault, created.workspace_id)).character_limit == 10_000
    await operate(vault, SetTier(created.workspace_id, "pro"), Done)
    assert (await policy(vault, created.workspace_id)).character_limit == 500_000
    await operate(vault, SetCharacters(created.workspace_id, 0), Done)
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT, VOICE), Refused)
    assert refused.code == ErrorCode.QUOTA_EXCEEDED
    await operate(vault, SetTier(created.workspace_id, "scale"), Done)
    assert (await policy(vault, created.workspace_id)).character_limit == 0
    await operate(vault, SetCharacters(created.workspace_id, None), Done)
    found = await policy(vault, created.workspace_id)
    assert found.character_limit == CHARACTERS_BY_TIER["scale"]
    assert found.places == {"speech": 30, "slow_speech": 15, "hearing": 64, "dubbing": 15, "music": 15}


async def test_hipaa_is_the_operators_to_note_too(vault: Vault) -> None:
    created = await made(vault)
    question = OperatorSetPolicy(created.workspace_id, is_hipaa=True, hipaa_agreed_on="2026-01-31")
    await operate(vault, question, Done)
    found = await policy(vault, created.workspace_id)
    assert (found.is_hipaa, found.hipaa_agreed_on, found.is_enforced) == (True, "2026-01-31", True)
    refused = await operate(vault, OperatorSetPolicy(created.workspace_id, is_enforced=False), Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_ENFORCED


async def test_the_operator_changes_any_key(vault: Vault, gateway: GatewayDouble) -> None:
    created = await made(vault)
    question = OperatorCreateKey(
        created.workspace_id, "bound", ["text_to_speech"], RetentionMode.ZERO, character_limit=5,
        allowed_networks=["192.0.2.1"], concurrency_limits={"speech": 2},
    )  # fmt: skip
    key = await operate(vault, question, KeyCreated)
    refused = await gateway.ask(OpenTicket(TTS, key.secret, Switch.ABSENT, VOICE), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY
    change = EditKey("", key.key_id, clears_allowed_networks=True, retention=RetentionMode.DEFAULT)
    view = await operate(vault, OperatorEditKey(change), KeyView)
    assert (view.allowed_networks, view.character_limit, view.concurrency_limits) == (None, 5, {"speech": 2})
    assert (await gateway.open(key=key.secret)).mode is RetentionMode.DEFAULT
    refused = await operate(vault, OperatorEditKey(EditKey("", "never")), Refused)
    assert refused.code == ErrorCode.NOT_FOUND


async def test_the_operator_foresees_for_any_workspace(vault: Vault) -> None:
    """C7."""
    created = await made(vault, "free", False)
    question = OperatorForesee(created.workspace_id, ForeseeRequest(TTS, OFF))
    foreseen = await operate(vault, question, ForeseenRequest)
    assert (foreseen.code, foreseen.mode) == (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, RetentionMode.ZERO)
    other = await made(vault)
    question = OperatorForesee(other.workspace_id, ForeseeRequest(TTS, OFF))
    foreseen = await operate(vault, question, ForeseenRequest)
    assert (foreseen.code, foreseen.mode, foreseen.level) == ("", RetentionMode.ZERO, Level.REQUEST)
    foreign = OperatorForesee(other.workspace_id, ForeseeRequest(TTS, OFF, created.key_id))
    assert (await operate(vault, foreign, Refused)).code == ErrorCode.NOT_FOUND


async def test_what_is_kept_is_told_to_the_operator(vault: Vault) -> None:
    assert len((await operate(vault, OperatorGetRetention(), RetentionView)).classes) > 10


@pytest.mark.parametrize(
    "record",
    [SetEntitlement("no", True), SetTier("no", "pro"), SetCharacters("no", 1), OperatorGetPolicy("no"),
     OperatorSetPolicy("no"), OperatorForesee("no", ForeseeRequest(TTS, OFF))],
)  # fmt: skip
async def test_an_unknown_workspace_is_said_to_be_one(vault: Vault, record: Record) -> None:
    assert (await operate(vault, record, Refused)).code == ErrorCode.NOT_FOUND


async def test_administrators_are_told_of_what_the_operator_changes(vault: Vault) -> None:
    """T33: entitlement and policy do not change in silence; nobody is told of what did not change."""
    created = await made(vault)
    for is_enforced in (True, True, False):
        await operate(vault, OperatorSetPolicy(created.workspace_id, is_enforced=is_enforced), Done)
    await operate(vault, SetEntitlement(created.workspace_id, False), Done)
    refused = await operate(vault, OperatorSetPolicy(created.workspace_id, is_hipaa=True), Refused)
    assert refused.param == "hipaa_agreement_date"
    wanted = NoticeFilter(created.workspace_id)
    told = await vault._storage.read(lambda reader: list_notices(reader, wanted, count_max=9))
    assert [notice.facts["what"] for notice in reversed(told)] == [
        "zero_retention.enforce", "zero_retention.release", "zero_retention.withdraw",
    ]  # fmt: skip


@pytest.mark.seed("S24")
@pytest.mark.seed("S25")
async def test_a_workspace_of_the_smallest_plan_deletes_at_once_what_was_kept(
    vault: Vault, gateway: GatewayDouble
) -> None:
    created = await made(vault, "free", False)
    item_id = await gateway.make("some words", key=created.secret)
    item = "/v1/history/{item}"
    shown = await gateway.question(f"GET {item}", GetHistoryItem(item_id), HistoryItemView, key=created.secret)
    assert shown.text == "some words"
    await gateway.question(f"DELETE {item}", DeleteHistoryItem(item_id), Done, key=created.secret)
    for method, record in (("GET", GetHistoryItem(item_id)), ("DELETE", DeleteHistoryItem(item_id))):
        refused = await gateway.question(f"{method} {item}", record, Refused, key=created.secret)
        assert refused.code == ErrorCode.HISTORY_ITEM_NOT_FOUND
