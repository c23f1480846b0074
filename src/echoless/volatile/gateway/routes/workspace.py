"""Workspace: the zero-retention policy, service accounts, keys, and the log of administrative acts.

source: the wire contract, history, voices, models and user, section 7; zero retention, section 5
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.query_records import (
    AuditEntries,
    AuditEntry,
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    EditKey,
    GetZeroRetention,
    KeyCreated,
    KeyView,
    ListAuditEntries,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
    SetZeroRetention,
    ZeroRetentionPolicy,
)
from echoless.retention.decision import Ineligible, RetentionMode
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace import (
    AuditLogQuery,
    CreateKeyBody,
    DisableKeyQuery,
    EditKeyBody,
    ServiceAccountBody,
    ZeroRetentionBody,
)

_OK: Final = {"status": "ok"}
_NO_UPDATE: Final = "no_update"
_UNLIMITED: Final = "unlimited"
_BOUNDS: Final = (
    "allowed_ips", "tts_concurrency_limit", "dubbing_concurrency_limit", "music_concurrency_limit",
)  # fmt: skip
_ACT_CLASS: Final = "Entity Management"


async def show_policy(call: Call) -> None:
    """Show the zero-retention policy of the workspace."""
    await _answer_policy(call, GetZeroRetention())


async def edit_policy(call: Call) -> None:
    """Change the zero-retention policy of the workspace."""
    body = await read_schema(call, ZeroRetentionBody)
    if body.restricted is not None:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, "Restrictions are set by the operator of the server.", param="restricted"
        )
    await _answer_policy(
        call,
        SetZeroRetention(
            is_enforced=body.enforced,
            ineligible=Ineligible(body.ineligible) if body.ineligible else None,
            is_hipaa=body.hipaa,
            conversation_rows=body.conversation_rows,
        ),
    )


async def _answer_policy(call: Call, question: GetZeroRetention | SetZeroRetention) -> None:
    policy = await call.open_ticket.ask(question)
    assert isinstance(policy, ZeroRetentionPolicy)
    restriction = None
    if policy.is_restricted:
        restriction = {
            "reason": policy.restriction_reason,
            "since_unix": policy.restricted_since_unix,
            "notified_at_unix": policy.notified_at_unix or None,
        }
    await call.answer(
        {
            "permitted": policy.is_permitted,
            "tier": policy.tier,
            "restricted": policy.is_restricted,
            "restriction": restriction,
            "enforced": policy.is_enforced,
            "ineligible": policy.ineligible.value,
            "hipaa": policy.is_hipaa,
            "conversation_rows": policy.conversation_rows,
        }
    )


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
    _refuse_bounds(body)
    created = await call.open_ticket.ask(
        CreateKey(
            service_account_id=call.path_id(0),
            name=body.name,
            scopes=body.permissions if isinstance(body.permissions, list) else None,
            character_limit=body.character_limit,
            expires_unix=body.expires_at_unix,
            retention=RetentionMode(body.retention) if body.retention else None,
        )
    )
    assert isinstance(created, KeyCreated)
    await call.answer({"xi-api-key": created.secret, "key_id": created.key_id})


async def edit_key(call: Call) -> None:
    """Change a key."""
    body = await read_schema(call, EditKeyBody)
    _refuse_bounds(body)
    key = await call.open_ticket.ask(
        EditKey(
            service_account_id=call.path_id(0),
            key_id=call.path_id(1),
            is_enabled=body.is_enabled if isinstance(body.is_enabled, bool) else None,
            name=body.name if body.name != _NO_UPDATE else None,
            scopes=body.permissions if isinstance(body.permissions, list) else None,
            has_all_scopes=body.permissions == "all",
            character_limit=body.character_limit if isinstance(body.character_limit, int) else None,
            clears_character_limit=body.character_limit == _UNLIMITED,
            expires_unix=body.expires_at_unix if isinstance(body.expires_at_unix, int) else None,
            retention=RetentionMode(body.retention) if body.retention not in {None, _NO_UPDATE} else None,
        )
    )
    assert isinstance(key, KeyView)
    await call.answer(_key_wire(key))


def _refuse_bounds(body: CreateKeyBody | EditKeyBody) -> None:
    """Refuse what would bind a key by something that nobody would look at."""
    for name in _BOUNDS:
        value = getattr(body, name)
        if value is not None and value != _NO_UPDATE:
            message = "This server does not bind keys by that; the key was not made or changed."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=name)


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


async def delete_key(call: Call) -> None:
    """Delete a key."""
    await call.open_ticket.ask(DeleteKey(service_account_id=call.path_id(0), key_id=call.path_id(1)))
    await call.answer(_OK)


async def list_acts(call: Call) -> None:
    """List administrative acts, newest first."""
    query = AuditLogQuery.parse(call.query)
    page = await call.open_ticket.ask(
        ListAuditEntries(
            limit=query.limit,
            cursor=query.cursor or "",
            from_ms=query.time_from_unix_ms or 0,
            to_ms=query.time_to_unix_ms or 0,
            actor_id=query.actor_uid or "",
            activity=query.activity_name or "",
        )
    )
    assert isinstance(page, AuditEntries)
    if query.cursor and not page.entries:
        # A cursor is given only where at least one act follows it.
        message = "This is no cursor of an earlier page of the same query."
        raise UnprocessableError([FieldError(("query", "cursor"), message, "cursor")])
    # All acts are of one class; any other has none.
    is_listed = (query.class_name or _ACT_CLASS) == _ACT_CLASS
    await call.answer(
        {
            "entries": [_act_wire(entry) for entry in page.entries] if is_listed else [],
            "has_more": is_listed and bool(page.next_cursor),
            "next_cursor": (page.next_cursor or None) if is_listed else None,
        }
    )


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
        "is_disabled": key.is_disabled,
        "permissions": "all" if key.scopes is None else key.scopes,
        "character_limit": key.character_limit,
        "character_count": key.character_count,
        # The shape demands the member; what could be checked against a key is not given away.
        "hashed_xi_api_key": "",
        "expires_at_unix": key.expires_unix,
        "retention": key.retention.value,
    }


def _act_wire(entry: AuditEntry) -> dict[str, Any]:
    moment = datetime.fromtimestamp(entry.time_ms / 1000, UTC)
    return {
        "id": entry.entry_id,
        "time": entry.time_ms,
        "time_dt": moment.isoformat(timespec="milliseconds"),
        "activity_id": 99,
        "activity_name": entry.activity,
        "class_uid": 3004,
        "class_name": _ACT_CLASS,
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "type_uid": 300499,
        "type_name": f"{_ACT_CLASS}: Other",
        "severity_id": 1,
        "status_id": 1,
        "actor": {"user": {"uid": entry.actor_id}},
        "message": entry.activity,
        "unmapped": {"target_id": entry.target_id},
    }


_KEYS: Final = "/v1/service-accounts/{sa}/api-keys"
ROUTES: Final = (
    Route("GET /v1/workspace/zero-retention", show_policy, "Show the zero-retention policy"),
    Route(
        "PATCH /v1/workspace/zero-retention",
        edit_policy,
        "Change the zero-retention policy",
        body=ZeroRetentionBody,
    ),
    Route("GET /v1/service-accounts", list_service_accounts, "List service accounts"),
    Route("POST /v1/service-accounts", create_service_account, "Make a service account", body=ServiceAccountBody),
    Route(f"GET {_KEYS}", list_keys, "List keys"),
    Route(f"POST {_KEYS}", create_key, "Make a key", body=CreateKeyBody),
    Route(f"PATCH {_KEYS}/{{key}}", edit_key, "Change a key", body=EditKeyBody),
    Route(f"DELETE {_KEYS}/{{key}}", delete_key, "Delete a key"),
    Route(f"POST {_KEYS}/{{key}}/disable", disable_key, "Disable a key"),
    Route(
        "POST /v1/workspaces/api-keys/disable", disable_own_key, "Disable the key that asks", query=DisableKeyQuery
    ),
    Route("GET /v1/workspace/audit-logs", list_acts, "List administrative acts", query=AuditLogQuery),
)
