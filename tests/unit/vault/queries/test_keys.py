"""Service accounts and keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.policy_records import SetSelfDisabling
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    Done,
    EditKey,
    KeyCreated,
    KeyView,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
)
from echoless.crossing.records import OpenTicket, Refused, TicketGranted
from echoless.retention.decision import Level, RetentionMode, Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, TTS, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ACCOUNTS, KEYS = "POST /v1/service-accounts", "POST /v1/service-accounts/{sa}/api-keys"
EDIT = "PATCH /v1/service-accounts/{sa}/api-keys/{key}"


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


async def test_an_unknown_permission_is_refused(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    record = CreateKey(account.service_account_id, "n", ["fly"], None, None, RetentionMode.DEFAULT)
    refused = await gateway.question(KEYS, record, Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "permissions")


async def test_a_key_disables_itself(gateway: GatewayDouble) -> None:
    await gateway.question("POST /v1/workspaces/api-keys/disable", DisableOwnKey(), Done)
    refused = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT), Refused)
    assert refused.code == ErrorCode.INVALID_API_KEY


@pytest.mark.claim("Z23")
async def test_a_key_is_used_only_from_where_it_may_be(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    record = msgspec.structs.replace(asked_key(account), allowed_networks=["192.0.2.0/24", "2001:db8::1"])
    created = await gateway.question(KEYS, record, KeyCreated)
    for peer in ("192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"):
        await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT, peer=peer), TicketGranted)
    for peer in ("192.0.3.7", "2001:db8::2", "", "127.0.0.1", "not an address"):
        refused = await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT, peer=peer), Refused)
        assert refused.code == ErrorCode.INVALID_API_KEY
    ids = (account.service_account_id, created.key_id)
    view = await gateway.question(EDIT, EditKey(*ids, clears_allowed_networks=True), KeyView)
    assert view.allowed_networks is None
    await gateway.open(key=created.secret)


async def test_what_is_no_network_is_refused(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    for words in ([], ["here"], ["192.0.2.0/33"], ["1.1.1.1"] * 101):
        record = msgspec.structs.replace(asked_key(account), allowed_networks=words)
        refused = await gateway.question(KEYS, record, Refused)
        assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "allowed_ips")


async def test_an_expired_key_stays_so_when_the_clock_goes_back(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """Also over a restart; a new end makes it begin again."""
    end_unix = clock.unix_ms() // 1000 + 900
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        account = await account_of(gateway)
        record = msgspec.structs.replace(asked_key(account), expires_unix=end_unix)
        created = await gateway.question(KEYS, record, KeyCreated)
        ask = OpenTicket(TTS, created.secret, Switch.ABSENT)
        clock.turn(901)
        assert (await gateway.ask(ask, Refused)).code == ErrorCode.INVALID_API_KEY
        clock.now_ms -= 900_000
        assert (await gateway.ask(ask, Refused)).code == ErrorCode.INVALID_API_KEY
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert (await gateway.ask(ask, Refused)).code == ErrorCode.INVALID_API_KEY
        edit = EditKey(account.service_account_id, created.key_id, expires_unix=end_unix + 900)
        view = await gateway.question(EDIT, edit, KeyView)
        assert (view.has_ended, view.expires_unix) == (False, end_unix + 900)
        await gateway.open(key=created.secret)


async def test_holders_disable_their_keys_unless_that_is_switched_off(gateway: GatewayDouble) -> None:
    account = await account_of(gateway)
    switch, disable = "POST /v1/workspaces/api-keys/third-party-disabling", "POST /v1/workspaces/api-keys/disable"
    await gateway.question(switch, SetSelfDisabling(False), Done)
    created = await gateway.question(KEYS, asked_key(account), KeyCreated)
    refused = await gateway.question(disable, DisableOwnKey(), Refused, key=created.secret)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS
    edit = EditKey(account.service_account_id, created.key_id, self_disabling=True)
    await gateway.question(EDIT, edit, KeyView)
    await gateway.question(disable, DisableOwnKey(), Done, key=created.secret)
    assert (await gateway.ask(OpenTicket(TTS, created.secret, Switch.ABSENT), Refused)).code == "invalid_api_key"
