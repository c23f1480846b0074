"""Usage and the request log: numbers and codes, never who said what.

source: the wire contract, history, voices, models and user, section 6
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.number_records import (
    GetUsage,
    ListRequests,
    RequestRow,
    RequestRows,
    Usage,
)
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace import AnalyticsBody, RequestLogBody, UsageQuery

_HOUR_S: Final = 3600
# A month has no length of its own; 0 is one bucket for the whole span.
_INTERVALS_S: Final = {"hour": _HOUR_S, "day": 86_400, "week": 604_800, "month": 0, "cumulative": 0}
_BREAKDOWNS: Final = {
    "none": "none",
    "model": "model",
    "product_type": "product_type",
    "api_keys": "api_keys",
    "all_api_keys": "api_keys",
}
_METRICS: Final = {"credits", "tts_characters", "request_count", "minutes_used"}
_BUCKETS_MAX: Final = 10_000
_COUNTED: Final = "This server counts by one of: none, model, product_type, api_keys."
_REQUEST_ROWS: Final = 100
_COLUMNS: Final = {
    "request_id": "string",
    "time": "number",
    "product_type": "string",
    "endpoint": "string",
    "model": "string",
    "output_format": "string",
    "characters": "number",
    "audio_ms": "number",
    "duration_ms": "number",
    "status_code": "number",
    "error_code": "string",
    "retention": "string",
    "policy_version": "number",
    "api_key_id": "string",
}


async def character_stats(call: Call) -> None:
    """Say what was used, in buckets."""
    query = UsageQuery.parse(call.query)
    size_s = query.aggregation_bucket_size
    breakdown = _BREAKDOWNS.get(query.breakdown_type)
    if breakdown is None:
        raise _unknown(_COUNTED, "breakdown_type")
    if query.metric not in _METRICS:
        raise _unknown("This server measures credits, tts_characters, request_count and minutes_used.", "metric")
    usage = await _usage(
        call,
        GetUsage(
            start_ms=query.start_unix,
            end_ms=query.end_unix,
            interval_s=size_s or _INTERVALS_S[query.aggregation_interval],
            breakdown=breakdown,
            metric=query.metric,
            is_by_month=size_s is None and query.aggregation_interval == "month",
        ),
        _Names("end_unix", "aggregation_bucket_size" if size_s else "aggregation_interval"),
    )
    labels = {"": "All"}
    series = {labels.get(label, label): numbers for label, numbers in usage.series.items()}
    await call.answer({"time": usage.bucket_start_ms, "usage": series})


async def usage_table(call: Call) -> None:
    """Say what was used, as a table."""
    await _answer_table(call, "none")


async def usage_by_product(call: Call) -> None:
    """Say what was used, as a table by product unless another group is named."""
    await _answer_table(call, "product_type")


async def _answer_table(call: Call, usual_group: str) -> None:
    body = await read_schema(call, AnalyticsBody)
    group = body.group_by[0] if body.group_by else usual_group
    breakdown = _BREAKDOWNS.get(group)
    if breakdown is None or len(body.group_by or ()) > 1:
        raise _unknown(_COUNTED, "group_by")
    if body.filters:
        raise _unknown("This server has no filters here.", "filters")
    if body.time_zone not in {None, "UTC"}:
        raise _unknown("This server counts by the hours of UTC.", "time_zone")
    usage = await _usage(
        call,
        GetUsage(
            start_ms=body.start_time,
            end_ms=body.end_time,
            interval_s=body.interval_seconds or 0,
            breakdown=breakdown,
            metric="credits",
        ),
        _Names("end_time", "interval_seconds"),
    )
    rows = [
        [start_ms, label, numbers[index]]
        for index, start_ms in enumerate(usage.bucket_start_ms)
        for label, numbers in usage.series.items()
    ]
    await call.answer(
        {
            "columns": ["time", group, "credits"],
            "column_types": ["number", "string", "number"],
            "column_units": ["ms", None, "credits"],
            "rows": rows,
        }
    )


async def request_log(call: Call) -> None:
    """List requests, newest first: of zero-retention ones the closed list of fields and no more."""
    body = await read_schema(call, RequestLogBody, is_required=False)
    for name in ("sort", "filters", "search"):
        if getattr(body, name):
            raise _unknown("This server lists by time only, newest first.", name)
    answer = await call.open_ticket.ask(
        ListRequests(
            start_ms=body.start_time or 0, end_ms=body.end_time or 2**45, limit=body.limit or _REQUEST_ROWS
        )
    )
    assert isinstance(answer, RequestRows)
    rows = [_row(row) for row in answer.rows]
    await call.answer({"columns": list(_COLUMNS), "column_types": list(_COLUMNS.values()), "rows": rows})


def _row(row: RequestRow) -> list[Any]:
    return [
        row.request_id,
        row.start_unix * 1000,
        row.product,
        row.endpoint,
        row.model_id,
        row.output_format,
        row.characters,
        row.audio_ms,
        row.duration_ms,
        row.http_status,
        row.error_code,
        row.mode.value,
        row.policy_version,
        row.key_id,
    ]


@dataclass(frozen=True, slots=True)
class _Names:
    """What a route calls its fields."""

    end: str
    interval: str


async def _usage(call: Call, question: GetUsage, names: _Names) -> Usage:
    duration_s = (question.end_ms - question.start_ms) / 1000
    if duration_s < 0:
        raise _unknown("The end lies before the start.", names.end)
    if question.interval_s % _HOUR_S:
        raise _unknown("Usage is counted by the hour: a bucket is a whole number of hours.", names.interval)
    if question.interval_s and duration_s / question.interval_s > _BUCKETS_MAX:
        raise _unknown("The time has too many buckets.", names.interval)
    answer = await call.open_ticket.ask(question)
    assert isinstance(answer, Usage)
    return answer


def _unknown(message: str, param: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=param)


ROUTES: Final = (
    Route("GET /v1/usage/character-stats", character_stats, "Usage in buckets", query=UsageQuery),
    Route("POST /v1/workspace/analytics/usage", usage_table, "Usage as a table", body=AnalyticsBody),
    Route(
        "POST /v1/workspace/analytics/query/usage-by-product-over-time",
        usage_by_product,
        "Usage as a table, by product",
        body=AnalyticsBody,
    ),
    Route(
        "POST /v1/workspace/analytics/requests",
        request_log,
        "The request log",
        body=RequestLogBody,
        is_body_required=False,
    ),
)
