"""Service accounts and their keys."""

from __future__ import annotations

import msgspec
import pytest

from echoless.crossing import query_records as queries
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, SetSelfDisabling
from echoless.crossing.records import Record, Refused
from echoless.retention.decision import Level, RetentionMode, Switch
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
KEY = queries.KeyView(
    key_id="k-1", name="app", hint="ab12", service_account_id="sa-1", created_unix=5, is_disabled=False,
    scopes=None, character_limit=None, character_count=3, expires_unix=None, retention=RetentionMode.ZERO,
)  # fmt: skip
ACCOUNT = queries.ServiceAccountView(service_account_id="sa-1", name="robots", created_unix=4, keys=[KEY])
KEYS = "/v1/service-accounts/sa-1/api-keys"


def asked(gateway: Gateway, kind: type[Record]) -> Record:
    return next(question for question in gateway.vault.questions if isinstance(question, kind))


async def test_service_accounts_have_hyphens_where_the_contract_has_them() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.ListServiceAccounts] = queries.ServiceAccountList(accounts=[ACCOUNT])
        accounts = (await gateway.ask("GET", "/v1/service-accounts")).json["service-accounts"]
        assert accounts[0]["service_account_user_id"] == "sa-1"
        keys = (await gateway.ask("GET", KEYS)).json["api-keys"]
        assert keys == accounts[0]["api-keys"]
        assert (keys[0]["hint"], keys[0]["permissions"], keys[0]["retention"]) == ("ab12", "all", "zero")
        assert (await gateway.ask("GET", "/v1/service-accounts/other/api-keys")).status == 404
        gateway.vault.scripted[queries.CreateServiceAccount] = ACCOUNT
        reply = await gateway.ask("POST", "/v1/service-accounts", {"name": "robots"})
        assert reply.json == {"service-account-user-id": "sa-1"}


async def test_new_key_is_shown_once_and_may_carry_a_floor() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.CreateKey] = queries.KeyCreated(key_id="k-1", secret="sk_1")
        body = {"name": "app", "permissions": ["text_to_speech"], "retention": "zero", "character_limit": 9}
        assert (await gateway.ask("POST", KEYS, body)).json == {"xi-api-key": "sk_1", "key_id": "k-1"}
        assert asked(gateway, queries.CreateKey) == queries.CreateKey(
            service_account_id="sa-1", name="app", scopes=["text_to_speech"], character_limit=9, expires_unix=None,
            retention=RetentionMode.ZERO,
        )  # fmt: skip
        assert (await gateway.ask("POST", KEYS, {"name": "app", "permissions": ["Not A Scope!"]})).status == 422


async def test_new_key_without_a_mode_has_that_of_the_key_that_asks() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.CreateKey] = queries.KeyCreated(key_id="k-1", secret="sk_1")
        body = {"name": "app", "permissions": "all", "expires_at_unix": 1_900_000_000, "allowed_ips": None}
        assert (await gateway.ask("POST", KEYS, body)).status == 200
        assert asked(gateway, queries.CreateKey) == queries.CreateKey(
            service_account_id="sa-1", name="app", scopes=None, character_limit=None, expires_unix=1_900_000_000,
            retention=None,
        )  # fmt: skip


@pytest.mark.parametrize("body", [{"name": "app"}, {"name": "app", "permissions": None}])
async def test_a_key_has_no_permissions_that_nobody_named(body: dict[str, object]) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", KEYS, body)
        assert reply.status == 422
        assert reply.json["detail"][0]["loc"] == ["body", "permissions"]


async def test_a_new_key_may_have_every_bound_that_is_kept() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.CreateKey] = queries.KeyCreated(key_id="k-1", secret="sk_1")
        body = {
            "name": "app", "permissions": "all", "allowed_ips": ["192.0.2.0/24"], "tts_concurrency_limit": 3,
            "music_concurrency_limit": 1, "third_party_disable_allowed": False,
        }  # fmt: skip
        assert (await gateway.ask("POST", KEYS, body)).status == 200
        assert asked(gateway, queries.CreateKey) == queries.CreateKey(
            service_account_id="sa-1", name="app", scopes=None, character_limit=None, expires_unix=None,
            retention=None, allowed_networks=["192.0.2.0/24"], concurrency_limits={"speech": 3, "music": 1},
            self_disabling=False,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_ips", []), ("allowed_ips", ["not an address"]), ("allowed_ips", ["1.1.1.1"] * 101),
        ("tts_concurrency_limit", 0), ("dubbing_concurrency_limit", 0), ("music_concurrency_limit", -2),
        ("expires_at_unix", -1), ("third_party_disable_allowed", 7),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_bound_that_cannot_be_is_refused(method: str, name: str, value: object) -> None:
    async with running_gateway() as gateway:
        path, body = (KEYS, {"name": "app", "permissions": "all"}) if method == "POST" else (f"{KEYS}/k-1", {})
        reply = await gateway.ask(method, path, body | {name: value})
        assert reply.status == 422
        assert name in reply.json["detail"][0]["loc"]
        assert not [question for question in gateway.vault.questions if type(question).__name__.endswith("Key")]


async def test_the_bounds_of_a_key_are_shown() -> None:
    async with running_gateway() as gateway:
        key = msgspec.structs.replace(
            KEY, allowed_networks=["192.0.2.0/24"], concurrency_limits={"speech": 3}, character_limit=9,
            has_ended=True,
        )  # fmt: skip
        account = msgspec.structs.replace(ACCOUNT, keys=[key])
        gateway.vault.scripted[queries.ListServiceAccounts] = queries.ServiceAccountList(accounts=[account])
        (shown,) = (await gateway.ask("GET", KEYS)).json["api-keys"]
        assert (shown["allowed_ips"], shown["disable_reason"]) == (["192.0.2.0/24"], "expired")
        assert shown["is_disabled"] is True
        assert shown["platform_limits"]["concurrency"] == {"limit": 3}
        assert shown["platform_limits"]["credits"] == {"limit": 9, "usage": 3}
        assert shown["platform_limits"]["music_concurrency"] == {"limit": None}


async def test_the_mode_of_a_key_can_be_asked_for() -> None:
    """C7."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.ListServiceAccounts] = queries.ServiceAccountList(accounts=[ACCOUNT])
        gateway.vault.answers[ForeseeRequest] = lambda question: ForeseenRequest(
            question.endpoint, RetentionMode.ZERO, Level.KEY
        )
        shown = (await gateway.ask("GET", f"{KEYS}/k-1/zero-retention")).json
        assert (shown["key_id"], shown["retention"]) == ("k-1", "zero")
        assert shown["effective"]["without_parameter"]["decided_by"] == "key"
        asked_for = [question for question in gateway.vault.questions if isinstance(question, ForeseeRequest)]
        assert [question.key_id for question in asked_for] == ["k-1", "k-1"]
        assert [question.switch for question in asked_for] == [Switch.ABSENT, Switch.LOGGING_OFF]
        for path in (f"{KEYS}/k-2/zero-retention", "/v1/service-accounts/other/api-keys/k-1/zero-retention"):
            assert (await gateway.ask("GET", path)).status == 404


async def test_whether_holders_may_disable_their_keys_is_said_for_all() -> None:
    async with running_gateway() as gateway:
        path = "/v1/workspaces/api-keys/third-party-disabling"
        assert (await gateway.ask("POST", path, {"third_party_disable_allowed": False})).status == 200
        assert asked(gateway, SetSelfDisabling) == SetSelfDisabling(False)
        assert (await gateway.ask("POST", path, {})).status == 422


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ({}, {}),
        (
            {"is_enabled": "no_update", "name": "no_update", "permissions": "no_update", "retention": "no_update"},
            {},
        ),
        ({"character_limit": "no_update", "is_enabled": False}, {"is_enabled": False}),
        ({"permissions": "all", "name": "b"}, {"has_all_scopes": True, "name": "b"}),
        ({"permissions": ["models_read"], "character_limit": 4}, {"scopes": ["models_read"], "character_limit": 4}),
        ({"retention": "zero"}, {"retention": RetentionMode.ZERO}),
        ({"character_limit": "unlimited"}, {"clears_character_limit": True}),
        ({"expires_at_unix": 1_900_000_000}, {"expires_unix": 1_900_000_000}),
        (
            {"expires_at_unix": "clear", "character_limit": "clear"},
            {"clears_expires": True, "clears_character_limit": True},
        ),
        (
            {"allowed_ips": ["::1"], "tts_concurrency_limit": 2},
            {"allowed_networks": ["::1"], "concurrency_limits": {"speech": 2}},
        ),
        (
            {"allowed_ips": "clear", "tts_concurrency_limit": "clear"},
            {"clears_allowed_networks": True, "concurrency_limits": {"speech": 0}},
        ),
        ({"third_party_disable_allowed": True}, {"self_disabling": True}),
        ({"third_party_disable_allowed": "clear"}, {"clears_self_disabling": True}),
        ({"third_party_disable_allowed": "no_update", "music_concurrency_limit": "no_update"}, {}),
        ({"expires_at_unix": "no_update", "character_limit": None, "allowed_ips": "no_update"}, {}),
    ],
)
async def test_key_changes_only_what_is_given(body: dict[str, object], changes: dict[str, object]) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.EditKey] = KEY
        reply = await gateway.ask("PATCH", f"{KEYS}/k-1", body)
        assert reply.json["key_id"] == "k-1"
        expected = queries.EditKey(service_account_id="sa-1", key_id="k-1", **changes)  # type: ignore[arg-type]  # a table of changes
        assert asked(gateway, queries.EditKey) == expected


async def test_keys_are_disabled_and_deleted() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.EditKey] = KEY
        assert (await gateway.ask("POST", f"{KEYS}/k-1/disable")).status == 200
        expected = queries.EditKey(service_account_id="sa-1", key_id="k-1", is_enabled=False)
        assert asked(gateway, queries.EditKey) == expected
        assert (await gateway.ask("DELETE", f"{KEYS}/k-1")).status == 200
        assert asked(gateway, queries.DeleteKey) == queries.DeleteKey(service_account_id="sa-1", key_id="k-1")
        assert (await gateway.ask("POST", "/v1/workspaces/api-keys/disable?api_key_name=other")).status == 422
        assert (await gateway.ask("POST", "/v1/workspaces/api-keys/disable?api_key_name=self")).status == 200
        assert asked(gateway, queries.DisableOwnKey) == queries.DisableOwnKey()


async def test_refusal_of_the_vault_reaches_the_client() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.DeleteKey] = Refused(
            code="not_found", message="There is no key with this id."
        )
        reply = await gateway.ask("DELETE", f"{KEYS}/other")
        assert (reply.status, reply.code) == (404, "not_found")
