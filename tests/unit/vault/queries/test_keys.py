"""Service accounts, keys, policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.core.errors import ErrorCode
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
from echoless.vault.service import Vault
from tests.fakes.gateway_double import KEY, TTS, GatewayDouble

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
