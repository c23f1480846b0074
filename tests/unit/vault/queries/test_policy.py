"""The retention policy of a workspace: who may change it, what it means, and what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.operator_records import SetRestriction
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, GetRetention, RetentionView
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    GetZeroRetention,
    KeyCreated,
    ServiceAccountView,
    SetZeroRetention,
    ZeroRetentionPolicy,
)
from echoless.crossing.records import OpenTicket, Refused, TicketGranted
from echoless.retention.decision import Ineligible, Level, RetentionMode, Switch
from echoless.retention.endpoints import ENDPOINTS
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, TTS, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
POLICY, SET_POLICY = "GET /v1/workspace/zero-retention", "PATCH /v1/workspace/zero-retention"
WOULD_BE = "GET /v1/workspace/zero-retention/request"
AGREED = "2026-01-31"
SOME_ENDPOINTS = [
    TTS, "WS /v1/text-to-speech/{voice}/stream-input", "POST /v1/music", "GET /v1/history",
    "POST /v1/convai/agents/create", "POST /v1/convai/mcp-servers", "DELETE /v1/history/{item}",
]  # fmt: skip


def bind(vault: Vault, **changes: Any) -> None:
    """Change the key that asks."""
    accounts = vault.administration.accounts
    own = next(iter(accounts.keys.values()))
    accounts.put_key(replace(own, **changes))


async def set_policy(gateway: GatewayDouble, **changes: Any) -> ZeroRetentionPolicy:
    return await gateway.question(SET_POLICY, SetZeroRetention(**changes), ZeroRetentionPolicy)


async def refusal(gateway: GatewayDouble, **changes: Any) -> tuple[str, str | None]:
    refused = await gateway.question(SET_POLICY, SetZeroRetention(**changes), Refused)
    return refused.code, refused.param


async def test_a_change_of_policy_does_not_undo_a_restriction_at_the_same_time(
    vault: Vault, gateway: GatewayDouble
) -> None:
    workspace_id = next(iter(vault.administration.accounts.workspaces))
    await asyncio.gather(
        gateway.question(SET_POLICY, SetZeroRetention(conversation_rows="none"), ZeroRetentionPolicy),
        vault.operate(SetRestriction(workspace_id, True, "flagged")),
        gateway.question(SET_POLICY, SetZeroRetention(ineligible=Ineligible.ALLOW), ZeroRetentionPolicy),
    )
    policy = await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)
    assert (policy.is_restricted, policy.conversation_rows, policy.ineligible) == (True, "none", Ineligible.ALLOW)


@pytest.mark.claim("Z3")
async def test_a_key_with_a_floor_does_not_loosen_the_workspaces(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.question(SET_POLICY, SetZeroRetention(is_enforced=True), ZeroRetentionPolicy)
    bind(vault, retention=RetentionMode.ZERO)
    for record, param in (
        (SetZeroRetention(is_enforced=False), "enforced"),
        (SetZeroRetention(ineligible=Ineligible.ALLOW), "ineligible"),
    ):
        refused = await gateway.question(SET_POLICY, record, Refused)
        assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, param)
    policy = await set_policy(gateway, is_hipaa=True, hipaa_agreed_on=AGREED)
    assert (policy.is_enforced, policy.ineligible) == (True, Ineligible.REFUSE)
    assert await refusal(gateway, is_hipaa=False) == (ErrorCode.MISSING_PERMISSIONS, "hipaa")


@pytest.mark.claim("Z3")
async def test_an_enforced_workspace_is_zero_from_the_next_request_on(gateway: GatewayDouble) -> None:
    """C5, C7: running requests keep the mode that they were granted."""
    running = await gateway.open()
    record = SetZeroRetention(is_enforced=True, ineligible=Ineligible.ALLOW, conversation_rows="none")
    policy = await gateway.question(SET_POLICY, record, ZeroRetentionPolicy)
    assert (policy.is_enforced, policy.ineligible, policy.conversation_rows) == (True, Ineligible.ALLOW, "none")
    assert policy == await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)
    granted = await gateway.open(switch=Switch.LOGGING_ON)
    assert (granted.mode, granted.level) == (RetentionMode.ZERO, Level.WORKSPACE)
    assert running.mode is RetentionMode.DEFAULT
    lifted = await gateway.question(SET_POLICY, SetZeroRetention(is_enforced=False), ZeroRetentionPolicy)
    assert (lifted.is_enforced, lifted.ineligible) == (False, Ineligible.ALLOW)


async def test_a_policy_that_would_refuse_everything_is_refused(vault: Vault, gateway: GatewayDouble) -> None:
    accounts = vault.administration.accounts
    for workspace in tuple(accounts.workspaces.values()):
        accounts.workspaces[workspace.workspace_id] = replace(workspace, is_entitled=False)
    refused = await gateway.question(SET_POLICY, SetZeroRetention(is_enforced=True), Refused)
    assert refused.code == ErrorCode.ZERO_RETENTION_NOT_PERMITTED
    refused = await gateway.question(SET_POLICY, SetZeroRetention(conversation_rows="some"), Refused)
    assert refused.param == "conversation_rows"
    assert not (await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)).is_permitted


@pytest.mark.claim("Z23")
@pytest.mark.seed("S21")
async def test_hipaa_implies_enforcement_until_it_ends_and_beyond(gateway: GatewayDouble) -> None:
    """C5, C14: with the date of the agreement; nothing ineligible runs, and no tool server is taken."""
    await set_policy(gateway, ineligible=Ineligible.ALLOW)
    policy = await set_policy(gateway, is_hipaa=True, hipaa_agreed_on=AGREED)
    assert (policy.is_hipaa, policy.hipaa_agreed_on, policy.is_enforced) == (True, AGREED, True)
    assert policy.ineligible is Ineligible.REFUSE
    granted = await gateway.open(switch=Switch.LOGGING_ON)
    assert (granted.mode, granted.level) == (RetentionMode.ZERO, Level.WORKSPACE)
    for endpoint in ("POST /v1/music", "POST /v1/convai/mcp-servers"):
        refused = await gateway.ask(OpenTicket(endpoint, KEY, Switch.ABSENT), Refused)
        assert refused.code == ErrorCode.ZERO_RETENTION_NOT_SUPPORTED
    await gateway.open("GET /v1/convai/mcp-servers", voice_id="")
    enforced = ErrorCode.ZERO_RETENTION_ENFORCED
    assert await refusal(gateway, is_enforced=False) == (enforced, "enforced")
    assert await refusal(gateway, ineligible=Ineligible.ALLOW) == (enforced, "ineligible")
    ended = await set_policy(gateway, is_hipaa=False)
    assert (ended.is_hipaa, ended.hipaa_agreed_on, ended.is_enforced) == (False, "", True)
    assert not (await set_policy(gateway, is_enforced=False)).is_enforced


@pytest.mark.parametrize(
    ("is_hipaa", "agreed_on"),
    [(True, None), (True, "2027-13-01"), (True, "2099-01-01"), (True, ""), (None, AGREED)],
)
async def test_hipaa_has_the_date_of_its_agreement(
    gateway: GatewayDouble, is_hipaa: bool | None, agreed_on: str | None
) -> None:
    found = await refusal(gateway, is_hipaa=is_hipaa, hipaa_agreed_on=agreed_on)
    assert found == (ErrorCode.INVALID_PARAMETERS, "hipaa_agreement_date")
    assert not (await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)).is_hipaa


@pytest.mark.claim("Z23")
async def test_hipaa_that_cannot_be_kept_is_refused(vault: Vault, gateway: GatewayDouble) -> None:
    """An agreement that no request could be served under would be a promise without an effect."""
    accounts = vault.administration.accounts
    (workspace,) = accounts.workspaces.values()
    accounts.workspaces[workspace.workspace_id] = replace(workspace, is_entitled=False)
    found = await refusal(gateway, is_hipaa=True, hipaa_agreed_on=AGREED)
    assert found == (ErrorCode.ZERO_RETENTION_NOT_PERMITTED, "hipaa")


async def test_each_change_of_policy_is_on_the_trail_by_its_weightiest_part(gateway: GatewayDouble) -> None:
    """T33."""
    for changes in (
        {"is_enforced": True}, {"ineligible": Ineligible.ALLOW}, {"is_hipaa": True, "hipaa_agreed_on": AGREED},
        {"is_hipaa": False, "is_enforced": False}, {"is_enforced": True}, {"is_enforced": False},
    ):  # fmt: skip
        await set_policy(gateway, **changes)
    trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(6), AuditEntries)
    assert [entry.activity for entry in reversed(trail.entries)] == [
        "zero_retention.enforce", "zero_retention.change", "hipaa.agree", "hipaa.end", "zero_retention.enforce",
        "zero_retention.release",
    ]  # fmt: skip


async def test_a_change_that_changes_nothing_is_no_new_version_and_no_act(gateway: GatewayDouble) -> None:
    """C9: one version of a policy is one policy, and the trail has acts only."""
    first = await set_policy(gateway, is_enforced=True)
    again = await set_policy(gateway, is_enforced=True)
    assert again == first
    other = await set_policy(gateway, ineligible=Ineligible.ALLOW)
    assert other.policy_version == first.policy_version + 1
    trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(6), AuditEntries)
    assert [entry.activity for entry in trail.entries][:2] == ["zero_retention.change", "zero_retention.enforce"]


@pytest.mark.claim("Z23")
@pytest.mark.parametrize("policy", [{}, {"is_enforced": True}, {"is_hipaa": True, "hipaa_agreed_on": AGREED}])
async def test_what_is_foreseen_is_what_happens(gateway: GatewayDouble, policy: dict[str, Any]) -> None:
    """C7: for every kind of row, each switch and a key with and without a floor."""
    account = await gateway.question(
        "POST /v1/service-accounts", CreateServiceAccount("robots"), ServiceAccountView
    )
    record = CreateKey(account.service_account_id, "bound", None, None, None, RetentionMode.ZERO)
    bound = await gateway.question("POST /v1/service-accounts/{sa}/api-keys", record, KeyCreated)
    if policy:
        await set_policy(gateway, **policy)
    for endpoint in SOME_ENDPOINTS:
        for switch in Switch:
            for key_id, secret in (("", KEY), (bound.key_id, bound.secret)):
                question = ForeseeRequest(endpoint, switch, key_id)
                foreseen = await gateway.question(WOULD_BE, question, ForeseenRequest)
                answer = await gateway.link.call(OpenTicket(endpoint, secret, switch))
                if isinstance(answer, Refused):
                    assert (foreseen.code, foreseen.mode) == (answer.code, answer.mode)
                    assert (foreseen.message, foreseen.param) == (answer.message, answer.param)
                else:
                    assert (foreseen.code, foreseen.mode) == ("", answer.mode)  # type: ignore[attr-defined]  # a grant
                    assert foreseen.level is answer.level  # type: ignore[attr-defined]  # a grant


async def test_foreseeing_counts_nothing_and_knows_only_ones_own_keys(vault: Vault, gateway: GatewayDouble) -> None:
    other, key, _ = await vault.administration.create_workspace("other", "enterprise", is_entitled=True)
    accounts = vault.administration.accounts
    before = {owner: accounts.meter(owner).character_count for owner in (*accounts.workspaces, *accounts.keys)}
    for key_id in (key.key_id, "never"):
        question = ForeseeRequest(TTS, Switch.LOGGING_OFF, key_id)
        refused = await gateway.question(WOULD_BE, question, Refused)
        assert (refused.code, refused.message) == ("not_found", refused.message)
    await gateway.question(WOULD_BE, ForeseeRequest(TTS, Switch.LOGGING_OFF), ForeseenRequest)
    assert before == {owner: accounts.meter(owner).character_count for owner in before}
    assert other.workspace_id in before
    assert vault.intake.running_count == 0
    refused = await gateway.question(WOULD_BE, ForeseeRequest("POST /v1/nowhere", Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_PARAMETERS


@pytest.mark.seed("S1")
async def test_what_is_kept_is_told_with_the_lives_that_it_has_here(gateway: GatewayDouble) -> None:
    view = await gateway.question("GET /v1/workspace/retention", GetRetention(), RetentionView)
    lives = {kept.name: kept.life_days for kept in view.classes}
    assert (lives["history"], lives["request_log"]) == (None, 90)
    assert {store for kept in view.classes for store in kept.stores} == {store.name for store in view.stores}


def test_the_rows_that_are_tried_are_of_every_kind_that_differs() -> None:
    tried = {endpoint.retention_class for endpoint in ENDPOINTS if endpoint.name in SOME_ENDPOINTS}
    assert {kind.value for kind in tried} >= {"Z", "R", "H", "A", "P"}


CAPSULE_KEY = "age1wx6xwwtr7uf2adwd2ftdupuv483gk08lt079cdy6w0ss9jth34tsc9nzdm"


@pytest.mark.claim("Z35")
async def test_a_capsule_key_is_told_with_zero_grants_of_generations_only(
    vault: Vault, gateway: GatewayDouble
) -> None:
    assert (await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)).capsule_key == ""
    assert (await gateway.open(switch=Switch.LOGGING_OFF)).capsule_key == ""
    policy = await set_policy(gateway, capsule_key=CAPSULE_KEY)
    assert policy.capsule_key == CAPSULE_KEY
    assert (await gateway.open(switch=Switch.LOGGING_OFF)).capsule_key == CAPSULE_KEY
    assert (await gateway.open()).capsule_key == ""
    reading = OpenTicket(endpoint="GET /v1/history", credential=KEY, switch=Switch.LOGGING_OFF)
    assert (await gateway.ask(reading, TicketGranted)).capsule_key == ""
    assert (await set_policy(gateway, capsule_key="")).capsule_key == ""
    assert (await gateway.open(switch=Switch.LOGGING_OFF)).capsule_key == ""


async def test_a_capsule_key_is_on_the_trail_and_changes_the_version(gateway: GatewayDouble) -> None:
    before = await set_policy(gateway)
    await set_policy(gateway, capsule_key=CAPSULE_KEY)
    after = await set_policy(gateway, capsule_key="")
    assert after.policy_version == before.policy_version + 2
    trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
    assert [entry.activity for entry in trail.entries][:2] == ["capsule.remove_key", "capsule.set_key"]


async def test_a_capsule_key_does_not_hide_behind_a_weightier_change(gateway: GatewayDouble) -> None:
    expected = (ErrorCode.INVALID_PARAMETERS, "capsule_key")
    assert await refusal(gateway, capsule_key=CAPSULE_KEY, is_enforced=True) == expected
    assert (await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)).capsule_key == ""
    await set_policy(gateway, capsule_key=CAPSULE_KEY)
    # Who sends back what was read changes no key.
    assert (await set_policy(gateway, capsule_key=CAPSULE_KEY, is_enforced=True)).is_enforced
    trail = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
    assert [entry.activity for entry in trail.entries][:2] == ["zero_retention.enforce", "capsule.set_key"]


async def test_what_is_no_recipient_of_age_is_refused_and_changes_nothing(gateway: GatewayDouble) -> None:
    for word in ("age1", "AGE-SECRET-KEY-1QQQQ", "ssh-ed25519 AAAA"):
        assert await refusal(gateway, capsule_key=word) == (ErrorCode.INVALID_PARAMETERS, "capsule_key")
    assert (await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)).capsule_key == ""


async def test_a_key_that_may_not_write_the_workspace_sets_no_capsule_key(
    vault: Vault, gateway: GatewayDouble
) -> None:
    bind(vault, scopes=frozenset({"workspace_read", "text_to_speech"}))
    refused = await gateway.ask(OpenTicket(endpoint=SET_POLICY, credential=KEY, switch=Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS
