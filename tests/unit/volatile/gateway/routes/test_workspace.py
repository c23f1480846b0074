"""Workspace: policy, service accounts, keys, acts."""

from __future__ import annotations

import pytest

from echoless.crossing import query_records as queries
from echoless.crossing.records import Record, Refused
from echoless.retention.decision import Ineligible, RetentionMode
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
POLICY = queries.ZeroRetentionPolicy(
    is_permitted=True, tier="enterprise", is_restricted=False, restriction_reason="", restricted_since_unix=0,
    notified_at_unix=0, is_enforced=True, ineligible=Ineligible.REFUSE, is_hipaa=False, conversation_rows="none",
)  # fmt: skip
KEY = queries.KeyView(
    key_id="k-1", name="app", hint="ab12", service_account_id="sa-1", created_unix=5, is_disabled=False,
    scopes=None, character_limit=None, character_count=3, expires_unix=None, retention=RetentionMode.ZERO,
)  # fmt: skip
ACCOUNT = queries.ServiceAccountView(service_account_id="sa-1", name="robots", created_unix=4, keys=[KEY])
KEYS = "/v1/service-accounts/sa-1/api-keys"


def asked(gateway: Gateway, kind: type[Record]) -> Record:
    return next(question for question in gateway.vault.questions if isinstance(question, kind))


async def test_policy_is_shown_with_and_without_a_restriction() -> None:
    """C7: the effective policy can be read."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.GetZeroRetention] = POLICY
        assert (await gateway.ask("GET", "/v1/workspace/zero-retention")).json == {
            "permitted": True, "tier": "enterprise", "restricted": False, "restriction": None, "enforced": True,
            "ineligible": "refuse", "hipaa": False, "conversation_rows": "none",
        }  # fmt: skip


async def test_policy_changes_only_what_is_given() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.SetZeroRetention] = POLICY
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"enforced": True, "hipaa": None})
        assert reply.json["enforced"] is True
        assert asked(gateway, queries.SetZeroRetention) == queries.SetZeroRetention(is_enforced=True)
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"restricted": False})
        assert (reply.status, reply.json["detail"]["param"]) == (400, "restricted")
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"ineligible": "maybe"})
        assert reply.status == 422


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_ips", ["192.0.2.1"]), ("allowed_ips", []), ("tts_concurrency_limit", 1),
        ("dubbing_concurrency_limit", 0), ("music_concurrency_limit", 2),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_bound_that_nobody_would_keep_is_refused(method: str, name: str, value: object) -> None:
    async with running_gateway() as gateway:
        path, body = (KEYS, {"name": "app", "permissions": "all"}) if method == "POST" else (f"{KEYS}/k-1", {})
        reply = await gateway.ask(method, path, body | {name: value})
        assert (reply.status, reply.json["detail"]["param"]) == (400, name)
        assert not [question for question in gateway.vault.questions if type(question).__name__.endswith("Key")]


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


async def test_acts_are_listed_with_the_members_that_are_required() -> None:
    entry = queries.AuditEntry(
        entry_id="a-1", time_ms=1_790_000_000_123, actor_id="k-1", activity="key_created", target_id="k-2"
    )
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.ListAuditEntries] = queries.AuditEntries(entries=[entry], next_cursor="c-2")
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?limit=1&actor_uid=k-1")).json
        assert (page["has_more"], page["next_cursor"]) == (True, "c-2")
        act = page["entries"][0]
        assert {"activity_id", "activity_name", "status_id", "actor", "message", "id"} <= set(act)
        assert (act["time"], act["time_dt"]) == (1_790_000_000_123, "2026-09-21T14:13:20.123+00:00")
        assert act["actor"] == {"user": {"uid": "k-1"}}


async def test_acts_of_another_class_are_none() -> None:
    entry = queries.AuditEntry(entry_id="a-1", time_ms=5, actor_id="k-1", activity="key_created", target_id="k-2")
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.ListAuditEntries] = queries.AuditEntries(entries=[entry], next_cursor="c-2")
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?class_name=Authentication")).json
        assert page == {"entries": [], "has_more": False, "next_cursor": None}
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?class_name=Entity%20Management")).json
        assert [act["class_name"] for act in page["entries"]] == ["Entity Management"]
        assert page["next_cursor"] == "c-2"


async def test_cursor_that_leads_nowhere_is_refused() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.ListAuditEntries] = queries.AuditEntries(entries=[], next_cursor="")
        reply = await gateway.ask("GET", "/v1/workspace/audit-logs?cursor=unknown")
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["query", "cursor"])
        assert (await gateway.ask("GET", "/v1/workspace/audit-logs")).json["entries"] == []
