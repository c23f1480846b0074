"""Service accounts, keys, policy."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.operator_records import SetRestriction
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    Done,
    EditKey,
    GetZeroRetention,
    KeyCreated,
    KeyView,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
    SetZeroRetention,
    ZeroRetentionPolicy,
)
from echoless.crossing.records import OpenTicket, Refused
from echoless.retention.decision import Ineligible, Level, RetentionMode, Switch
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, TTS, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ACCOUNTS, KEYS = "POST /v1/service-accounts", "POST /v1/service-accounts/{sa}/api-keys"
EDIT = "PATCH /v1/service-accounts/{sa}/api-keys/{key}"
POLICY, SET_POLICY = "GET /v1/workspace/zero-retention", "PATCH /v1/workspace/zero-retention"


async def account_of(gateway: GatewayDouble) -> ServiceAccountView:
    return await gateway.question(ACCOUNTS, CreateServiceAccount("robots"), ServiceAccountView)


def asked_key(account: ServiceAccountView, retention: RetentionMode = RetentionMode.DEFAULT) -> CreateKey:
    return CreateKey(account.service_account_id, "a key", None, None, None, retention)


async def test_a_new_key_works_and_is_listed_without_its_secret(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    created = await gateway.question(KEYS, asked_key(account), KeyCreated)
    assert created.secret.startswith("sk_")
    await gateway.open(key=created.secret)
    listed = await gateway.question("GET /v1/service-accounts", ListServiceAccounts(), ServiceAccountList)
    mine = next(view for view in listed.accounts if view.service_account_id == account.service_account_id)
    assert [(key.key_id, key.hint, key.name) for key in mine.keys] == [
        (created.key_id, created.secret[-4:], "a key")
    ]


@pytest.mark.claim("Z3")
async def test_a_key_with_a_floor_makes_every_request_zero(gateway: GatewayDouble) -> None:
    """C5: for clients that cannot send the parameter."""
    account = await account_of(gateway)
    created = await gateway.question(KEYS, asked_key(account, RetentionMode.ZERO), KeyCreated)
    granted = await gateway.open(key=created.secret, switch=Switch.LOGGING_ON)
    assert (granted.mode, granted.level) == (RetentionMode.ZERO, Level.KEY)


async def test_a_key_can_be_changed_disabled_and_deleted(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    created = await gateway.question(KEYS, asked_key(account), KeyCreated)
    ids = (account.service_account_id, created.key_id)
    edit = EditKey(*ids, name="renamed", scopes=["user_read"], character_limit=9, retention=RetentionMode.ZERO)
    view = await gateway.question(EDIT, edit, KeyView)
    assert (view.name, view.scopes, view.character_limit, view.retention) == (
        "renamed", ["user_read"], 9, RetentionMode.ZERO,
    )  # fmt: skip
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS
    view = await gateway.question(EDIT, EditKey(*ids, has_all_scopes=True, clears_character_limit=True), KeyView)
    assert (view.scopes, view.character_limit, view.name) == (None, None, "renamed")
    await gateway.question(EDIT, EditKey(*ids, is_enabled=False), KeyView)
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY
    delete = "DELETE /v1/service-accounts/{sa}/api-keys/{key}"
    await gateway.question(delete, DeleteKey(*ids), Done)
    assert (await gateway.question(delete, DeleteKey(*ids), Refused)).code == ErrorCode.NOT_FOUND


async def test_a_key_gives_no_rights_that_it_does_not_have(vault: Vault, gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    accounts = vault.administration.accounts
    own = next(key for key in accounts.keys.values())
    accounts.put_key(replace(own, scopes=frozenset({"service_account_write", "user_read"})))
    refused = await gateway.question(KEYS, asked_key(account), Refused)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS
    narrow = CreateKey(account.service_account_id, "n", ["user_read"], None, None, RetentionMode.DEFAULT)
    created = await gateway.question(KEYS, narrow, KeyCreated)
    widen = EditKey(account.service_account_id, created.key_id, has_all_scopes=True)
    assert (await gateway.question(EDIT, widen, Refused)).code == ErrorCode.MISSING_PERMISSIONS


def bind(vault: Vault, **changes: Any) -> None:
    """Change the key that asks."""
    accounts = vault.administration.accounts
    own = next(iter(accounts.keys.values()))
    accounts.put_key(replace(own, **changes))


@pytest.mark.claim("Z3")
async def test_a_key_with_a_floor_does_not_lift_its_own(vault: Vault, gateway: GatewayDouble) -> None:
    bind(vault, retention=RetentionMode.ZERO)
    own = next(iter(vault.administration.accounts.keys.values()))
    lift = EditKey(own.service_account_id, own.key_id, retention=RetentionMode.DEFAULT)
    refused = await gateway.question(EDIT, lift, Refused)
    assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, "retention")
    assert (await gateway.open()).mode is RetentionMode.ZERO


@pytest.mark.claim("Z3")
async def test_a_key_with_a_floor_makes_only_keys_with_one(vault: Vault, gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    bind(vault, retention=RetentionMode.ZERO)
    refused = await gateway.question(KEYS, asked_key(account), Refused)
    assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, "retention")
    untold = CreateKey(account.service_account_id, "n", None, None, None, None)
    for record in (asked_key(account, RetentionMode.ZERO), untold):
        created = await gateway.question(KEYS, record, KeyCreated)
        assert vault.administration.accounts.keys[created.key_id].retention is RetentionMode.ZERO


@pytest.mark.claim("Z3")
@pytest.mark.parametrize(
    "changes", [{"is_enabled": True}, {"has_all_scopes": True}, {"character_limit": 9}, {"retention": "default"}]
)
async def test_a_key_with_a_floor_widens_no_key_without_one(
    vault: Vault, gateway: GatewayDouble, changes: dict[str, Any]
) -> None:
    """A second key, whose secret somebody may still have, would be the way round the floor."""
    account = await account_of(gateway)
    record = CreateKey(account.service_account_id, "n", ["user_read"], 3, None, RetentionMode.DEFAULT)
    other = await gateway.question(KEYS, record, KeyCreated)
    ids = (account.service_account_id, other.key_id)
    floor = RetentionMode.ZERO if "retention" in changes else RetentionMode.DEFAULT
    await gateway.question(EDIT, EditKey(*ids, is_enabled=False, retention=floor), KeyView)
    bind(vault, retention=RetentionMode.ZERO)
    asked = changes | ({"retention": RetentionMode.DEFAULT} if "retention" in changes else {})
    refused = await gateway.question(EDIT, EditKey(*ids, **asked), Refused)
    assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, "retention")
    narrowed = await gateway.question(EDIT, EditKey(*ids, character_limit=1), KeyView)
    assert narrowed.character_limit == 1


async def test_a_key_with_a_limit_gives_no_characters(vault: Vault, gateway: GatewayDouble) -> None:
    """Not even as many as it has: ten such keys would have ten times as many."""
    account = await account_of(gateway)
    bind(vault, character_limit=5)
    own = next(iter(vault.administration.accounts.keys.values()))
    for limit in (5, 1_000_000, None):
        record = CreateKey(account.service_account_id, "n", None, limit, None, RetentionMode.DEFAULT)
        refused = await gateway.question(KEYS, record, Refused)
        assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, "character_limit")
    for changes in ({"character_limit": 6}, {"clears_character_limit": True}):
        edit = EditKey(own.service_account_id, own.key_id, **changes)
        assert (await gateway.question(EDIT, edit, Refused)).param == "character_limit"
    for_reading = CreateKey(account.service_account_id, "n", None, 0, None, RetentionMode.DEFAULT)
    await gateway.question(KEYS, for_reading, KeyCreated)


async def test_a_key_gives_no_more_time_than_it_has(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    account = await account_of(gateway)
    end_unix = clock.unix_ms() // 1000 + 3600
    bind(vault, expires_unix=end_unix)
    for end in (None, end_unix + 1):
        record = CreateKey(account.service_account_id, "n", None, None, end, RetentionMode.DEFAULT)
        refused = await gateway.question(KEYS, record, Refused)
        assert (refused.code, refused.param) == (ErrorCode.MISSING_PERMISSIONS, "expires_at_unix")
    record = CreateKey(account.service_account_id, "n", None, None, end_unix, RetentionMode.DEFAULT)
    await gateway.question(KEYS, record, KeyCreated)


async def test_the_end_of_a_key_lies_ahead_and_can_be_moved(gateway: GatewayDouble, clock: TurnedClock) -> None:
    account = await account_of(gateway)
    now = clock.unix_ms() // 1000
    for end in (1, now, now + 899):
        record = CreateKey(account.service_account_id, "n", None, None, end, RetentionMode.DEFAULT)
        refused = await gateway.question(KEYS, record, Refused)
        assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "expires_at_unix")
    record = CreateKey(account.service_account_id, "n", None, None, now + 900, RetentionMode.DEFAULT)
    created = await gateway.question(KEYS, record, KeyCreated)
    ids = (account.service_account_id, created.key_id)
    assert (await gateway.question(EDIT, EditKey(*ids, expires_unix=1), Refused)).param == "expires_at_unix"
    view = await gateway.question(EDIT, EditKey(*ids, expires_unix=now + 2000), KeyView)
    assert view.expires_unix == now + 2000
    clock.turn(1000)
    assert (await gateway.question(EDIT, EditKey(*ids, name="renamed"), KeyView)).expires_unix == now + 2000
    await gateway.open(key=created.secret)
    clock.turn(1000)
    refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY


async def test_changes_of_a_key_at_the_same_time_do_not_undo_each_other(
    vault: Vault, gateway: GatewayDouble
) -> None:
    account = await account_of(gateway)
    created = await gateway.question(KEYS, asked_key(account), KeyCreated)
    ids = (account.service_account_id, created.key_id)
    await asyncio.gather(
        gateway.question(EDIT, EditKey(*ids, is_enabled=False), KeyView),
        gateway.question(EDIT, EditKey(*ids, name="renamed"), KeyView),
    )
    key = vault.administration.accounts.keys[created.key_id]
    assert (key.is_disabled, key.name) == (True, "renamed")
    delete = "DELETE /v1/service-accounts/{sa}/api-keys/{key}"
    await asyncio.gather(
        gateway.question(delete, DeleteKey(*ids), Done), gateway.question(EDIT, EditKey(*ids, name="back"), Refused)
    )
    assert created.key_id not in vault.administration.accounts.keys


async def test_a_change_of_policy_does_not_undo_a_restriction_at_the_same_time(
    vault: Vault, gateway: GatewayDouble
) -> None:
    workspace_id = next(iter(vault.administration.accounts.workspaces))
    await asyncio.gather(
        gateway.question(SET_POLICY, SetZeroRetention(is_hipaa=True), ZeroRetentionPolicy),
        vault.operate(SetRestriction(workspace_id, True, "flagged")),
        gateway.question(SET_POLICY, SetZeroRetention(ineligible=Ineligible.ALLOW), ZeroRetentionPolicy),
    )
    policy = await gateway.question(POLICY, GetZeroRetention(), ZeroRetentionPolicy)
    assert (policy.is_restricted, policy.is_hipaa, policy.ineligible) == (True, True, Ineligible.ALLOW)


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
    policy = await gateway.question(SET_POLICY, SetZeroRetention(is_hipaa=True), ZeroRetentionPolicy)
    assert (policy.is_enforced, policy.ineligible) == (True, Ineligible.REFUSE)


async def test_an_unknown_permission_is_refused(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    record = CreateKey(account.service_account_id, "n", ["fly"], None, None, RetentionMode.DEFAULT)
    refused = await gateway.question(KEYS, record, Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "permissions")


async def test_a_key_disables_itself(gateway: GatewayDouble) -> None:
    await gateway.question("POST /v1/workspaces/api-keys/disable", DisableOwnKey(), Done)
    refused = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY


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
