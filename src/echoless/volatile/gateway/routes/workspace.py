"""Workspace: the zero-retention policy and what it means for a request, what is kept, administrative acts.

source: the wire contract, history, voices, models and user, section 7; zero retention, sections 1 and 5
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.number_records import (
    AuditEntries,
    AuditEntry,
    ListAuditEntries,
)
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, GetRetention, RetentionView
from echoless.crossing.query_records import (
    GetZeroRetention,
    SetZeroRetention,
    ZeroRetentionPolicy,
)
from echoless.retention.decision import Ineligible, Switch
from echoless.retention.endpoints import ENDPOINTS
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.foresight import foreseen_wire
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.request_line import EndpointMatcher
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace import (
    AuditLogQuery,
    WouldBeQuery,
    ZeroRetentionBody,
)

NO_MORE: Final[Mapping[str, Any]] = MappingProxyType({})
_USUAL: Final = "POST /v1/text-to-speech/{voice}"
_ACT_CLASS: Final = "Entity Management"


async def show_policy(call: Call) -> None:
    """Show the zero-retention policy of the workspace."""
    silent, asking = (ForeseeRequest(_USUAL, switch) for switch in (Switch.ABSENT, Switch.LOGGING_OFF))
    effective = {
        "without_parameter": await _foreseen(call, silent),
        "with_enable_logging_false": await _foreseen(call, asking),
    }
    await _answer_policy(call, GetZeroRetention(), {"effective": effective})


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
            hipaa_agreed_on=body.hipaa_agreement_date,
            capsule_key=body.capsule_key,
        ),
    )


async def _answer_policy(
    call: Call, question: GetZeroRetention | SetZeroRetention, more: Mapping[str, Any] = NO_MORE
) -> None:
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
            "hipaa_agreement_date": policy.hipaa_agreed_on or None,
            "conversation_rows": policy.conversation_rows,
            "capsule_key": policy.capsule_key or None,
            "policy_version": policy.policy_version,
            **more,
        }
    )


async def foresee_request(call: Call) -> None:
    """Say what would become of a request, from its line and headers alone."""
    query = WouldBeQuery.parse(call.query)
    match = EndpointMatcher(ENDPOINTS).match(query.method, query.path.encode("utf-8", "replace"))
    if match is None or not match.is_allowed:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "There is no such endpoint.", param="path")
    await call.answer(await _foreseen(call, ForeseeRequest(match.endpoint.name, call.switch, query.key_id or "")))


async def show_classes(call: Call) -> None:
    """Say what is kept where, why, how long, who erases it and how to check."""
    view = await call.open_ticket.ask(GetRetention())
    assert isinstance(view, RetentionView)
    await call.answer(
        {
            "classes": [
                {
                    "name": kept.name,
                    "purposes": kept.purposes,
                    "holds": kept.holds,
                    "stores": kept.stores,
                    "life_days": kept.life_days,
                    "erased_by": kept.erased_by,
                    "check": kept.check,
                    "has_content": kept.has_content,
                    "keeps_zero_retention_requests": kept.keeps_zero,
                }
                for kept in view.classes
            ],
            "stores": [
                {"name": store.name, "purposes": store.purposes, "holds": store.holds, "places": store.places}
                for store in view.stores
            ],
        }
    )


async def _foreseen(call: Call, question: ForeseeRequest) -> dict[str, Any]:
    foreseen = await call.open_ticket.ask(question)
    assert isinstance(foreseen, ForeseenRequest)
    return foreseen_wire(foreseen, call.request_id)


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
        "unmapped": {"target_id": entry.target_id, "reason": entry.reason or None},
    }


ROUTES: Final = (
    Route("GET /v1/workspace/zero-retention", show_policy, "Show the zero-retention policy and what it means"),
    Route(
        "PATCH /v1/workspace/zero-retention",
        edit_policy,
        "Change the zero-retention policy",
        body=ZeroRetentionBody,
    ),
    Route(
        "GET /v1/workspace/zero-retention/request",
        foresee_request,
        "Say what would become of a request",
        query=WouldBeQuery,
    ),
    Route("GET /v1/workspace/retention", show_classes, "Say what is kept where, why and how long"),
    Route("GET /v1/workspace/audit-logs", list_acts, "List administrative acts", query=AuditLogQuery),
)
