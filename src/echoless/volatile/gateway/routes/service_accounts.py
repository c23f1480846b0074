"""Service accounts and their API keys: what each may do, how much, from where, until when, and with which floor.

source: the wire contract, history, voices, models and user, section 7; zero retention, section 5
"""

from __future__ import annotations

from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, SetSelfDisabling
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    EditKey,
    KeyCreated,
    KeyView,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
)
from echoless.retention.decision import RetentionMode, Switch
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.foresight import foreseen_wire
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.service_accounts import (
    CLEAR,
    NO_UPDATE,
    CreateKeyBody,
    DisableKeyQuery,
    EditKeyBody,
    SelfDisablingBody,
    ServiceAccountBody,
)

_OK: Final = {"status": "ok"}
# By the kinds of work that the vault counts.
_LIMITS: Final = {
    "speech": "tts_concurrency_limit",
    "dubbing": "dubbing_concurrency_limit",
    "music": "music_concurrency_limit",
}
_USUAL: Final = "POST /v1/text-to-speech/{voice}"


async def list_service_accounts(call: Call) -> None:
    """List service accounts with their keys."""
    accounts = await _accounts(call)
    await call.answer({"service-accounts": [_account_wire(account) for account in accounts]})


async def create_service_account(call: Call) -> None:
    """Make a service account."""
    body = await read_schema(call, ServiceAccountBody)
    account = await call.open_ticket.ask(CreateServiceAccount(name=body.name))
    assert isinstance(account, ServiceAccountView)
    await call.answer({"service-account-user-id": account.service_account_id})


async def list_keys(call: Call) -> None:
    """List the keys of a service account."""
    for account in await _accounts(call):
        if account.service_account_id == call.path_id(0):
            await call.answer({"api-keys": [_key_wire(key) for key in account.keys]})
            return
    raise EcholessError(ErrorCode.NOT_FOUND, "There is no service account with this id.")


async def create_key(call: Call) -> None:
    """Make a key; the only time that it is shown."""
    body = await read_schema(call, CreateKeyBody)
    created = await call.open_ticket.ask(
        CreateKey(
            service_account_id=call.path_id(0),
            name=body.name,
            scopes=body.permissions if isinstance(body.permissions, list) else None,
            character_limit=body.character_limit,
            expires_unix=body.expires_at_unix,
            retention=RetentionMode(body.retention) if body.retention else None,
            allowed_networks=body.allowed_ips,
            concurrency_limits=_limits(body),
            self_disabling=body.third_party_disable_allowed,
        )
    )
    assert isinstance(created, KeyCreated)
    await call.answer({"xi-api-key": created.secret, "key_id": created.key_id})


async def edit_key(call: Call) -> None:
    """Change a key."""
    body = await read_schema(call, EditKeyBody)
    disabling = body.third_party_disable_allowed
    key = await call.open_ticket.ask(
        EditKey(
            service_account_id=call.path_id(0),
            key_id=call.path_id(1),
            is_enabled=body.is_enabled if isinstance(body.is_enabled, bool) else None,
            name=body.name if body.name != NO_UPDATE else None,
            scopes=body.permissions if isinstance(body.permissions, list) else None,
            has_all_scopes=body.permissions == "all",
            character_limit=body.character_limit if isinstance(body.character_limit, int) else None,
            clears_character_limit=body.character_limit in CLEAR,
            expires_unix=body.expires_at_unix if isinstance(body.expires_at_unix, int) else None,
            retention=RetentionMode(body.retention) if body.retention not in {None, NO_UPDATE} else None,
            clears_expires=body.expires_at_unix in CLEAR,
            allowed_networks=body.allowed_ips if isinstance(body.allowed_ips, list) else None,
            clears_allowed_networks=isinstance(body.allowed_ips, str) and body.allowed_ips in CLEAR,
            concurrency_limits=_limits(body),
            self_disabling=disabling if isinstance(disabling, bool) else None,
            clears_self_disabling=isinstance(disabling, str) and disabling in CLEAR,
        )
    )
    assert isinstance(key, KeyView)
    await call.answer(_key_wire(key))


def _limits(body: CreateKeyBody | EditKeyBody) -> dict[str, int]:
    """Return the limits that were given, by kind of work; 0 takes one away."""
    given = {lane: getattr(body, name) for lane, name in _LIMITS.items()}
    return {lane: 0 if word in CLEAR else word for lane, word in given.items() if word not in {None, NO_UPDATE}}


async def disable_key(call: Call) -> None:
    """Disable a key."""
    await call.open_ticket.ask(
        EditKey(service_account_id=call.path_id(0), key_id=call.path_id(1), is_enabled=False)
    )
    await call.answer(_OK)


async def disable_own_key(call: Call) -> None:
    """Disable the key that asks."""
    DisableKeyQuery.parse(call.query)
    await call.open_ticket.ask(DisableOwnKey())
    await call.answer(_OK)


async def set_self_disabling(call: Call) -> None:
    """Say whether holders of keys may disable them."""
    body = await read_schema(call, SelfDisablingBody)
    await call.open_ticket.ask(SetSelfDisabling(body.third_party_disable_allowed))
    await call.answer(_OK)


async def show_key_policy(call: Call) -> None:
    """Say what a key's requests would have: of whoever speaks a text, without the parameter and with it."""
    found = None
    for account in await _accounts(call):
        if account.service_account_id == call.path_id(0):
            found = next((key for key in account.keys if key.key_id == call.path_id(1)), None)
    if found is None:
        raise EcholessError(ErrorCode.NOT_FOUND, "There is no service account or key with this id.")
    await call.answer(
        {
            "key_id": found.key_id,
            "retention": found.retention.value,
            "effective": {
                "without_parameter": await _foreseen(call, found.key_id, Switch.ABSENT),
                "with_enable_logging_false": await _foreseen(call, found.key_id, Switch.LOGGING_OFF),
            },
        }
    )


async def _foreseen(call: Call, key_id: str, switch: Switch) -> dict[str, Any]:
    foreseen = await call.open_ticket.ask(ForeseeRequest(_USUAL, switch, key_id))
    assert isinstance(foreseen, ForeseenRequest)
    return foreseen_wire(foreseen, call.request_id)


async def delete_key(call: Call) -> None:
    """Delete a key."""
    await call.open_ticket.ask(DeleteKey(service_account_id=call.path_id(0), key_id=call.path_id(1)))
    await call.answer(_OK)


async def _accounts(call: Call) -> list[ServiceAccountView]:
    answer = await call.open_ticket.ask(ListServiceAccounts())
    assert isinstance(answer, ServiceAccountList)
    return answer.accounts


def _account_wire(account: ServiceAccountView) -> dict[str, Any]:
    return {
        "service_account_user_id": account.service_account_id,
        "name": account.name,
        "created_at_unix": account.created_unix,
        "api-keys": [_key_wire(key) for key in account.keys],
        "default_sharing_groups": [],
    }


def _key_wire(key: KeyView) -> dict[str, Any]:
    return {
        "name": key.name,
        "hint": key.hint,
        "key_id": key.key_id,
        "service_account_user_id": key.service_account_id,
        "created_at_unix": key.created_unix,
        "is_disabled": key.is_disabled or key.has_ended,
        "disable_reason": "expired" if key.has_ended else None,
        "permissions": "all" if key.scopes is None else key.scopes,
        "character_limit": key.character_limit,
        "character_count": key.character_count,
        # The shape demands the member; what could be checked against a key is not given away.
        "hashed_xi_api_key": "",
        "allowed_ips": key.allowed_networks,
        "expires_at_unix": key.expires_unix,
        "third_party_disable_allowed": key.self_disabling,
        "platform_limits": {
            "credits": {"limit": key.character_limit, "usage": key.character_count},
            "pvc": {"limit": None},
            "concurrency": {"limit": key.concurrency_limits.get("speech")},
            "dubbing_concurrency": {"limit": key.concurrency_limits.get("dubbing")},
            "music_concurrency": {"limit": key.concurrency_limits.get("music")},
        },
        "retention": key.retention.value,
    }


_KEYS: Final = "/v1/service-accounts/{sa}/api-keys"
ROUTES: Final = (
    Route("GET /v1/service-accounts", list_service_accounts, "List service accounts"),
    Route("POST /v1/service-accounts", create_service_account, "Make a service account", body=ServiceAccountBody),
    Route(f"GET {_KEYS}", list_keys, "List keys"),
    Route(f"POST {_KEYS}", create_key, "Make a key", body=CreateKeyBody),
    Route(f"PATCH {_KEYS}/{{key}}", edit_key, "Change a key", body=EditKeyBody),
    Route(f"DELETE {_KEYS}/{{key}}", delete_key, "Delete a key"),
    Route(f"POST {_KEYS}/{{key}}/disable", disable_key, "Disable a key"),
    Route(f"GET {_KEYS}/{{key}}/zero-retention", show_key_policy, "Say what a key's requests would have"),
    Route(
        "POST /v1/workspaces/api-keys/disable", disable_own_key, "Disable the key that asks", query=DisableKeyQuery
    ),
    Route(
        "POST /v1/workspaces/api-keys/third-party-disabling",
        set_self_disabling,
        "Say whether holders of keys may disable them",
        body=SelfDisablingBody,
    ),
)
