"""Queries and bodies of workspace, usage and the request log.

source: the wire contract, history, voices, models and user, sections 6 and 7; zero retention, section 5
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from echoless.volatile.gateway.schemas.base import Body, Query

_Word = Annotated[str, Field(max_length=256)]
_Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
_UnixMilliseconds = Annotated[int, Field(ge=0, le=2**45)]

BREAKDOWNS = (
    "none", "voice", "voice_multiplier", "user", "groups", "api_keys", "all_api_keys", "product_type", "model",
    "resource", "request_queue", "region", "subresource_id", "reporting_workspace_id", "has_api_key",
    "request_source",
)  # fmt: skip
METRICS = (
    "credits", "tts_characters", "minutes_used", "request_count", "ttfb_avg", "ttfb_p95", "fiat_units_spent",
    "concurrency", "concurrency_average",
)  # fmt: skip


class UsageQuery(Query):
    """Query of usage statistics; times in milliseconds although their names say otherwise.

    Usage is counted by the hour, UTC: a span counts every hour that it touches, and buckets begin at whole hours,
    days, Mondays or months. What is not in the descriptions is known to the protocol and refused here.
    """

    start_unix: _UnixMilliseconds
    end_unix: _UnixMilliseconds
    include_workspace_metrics: bool | None = None
    breakdown_type: Literal[BREAKDOWNS] = Field(  # type: ignore[valid-type]  # the table is the enumeration
        "none", description="Counted here: none, model, product_type, api_keys, all_api_keys."
    )
    aggregation_interval: Literal["hour", "day", "week", "month", "cumulative"] = Field(
        "day", description="cumulative is one bucket for the whole span."
    )
    aggregation_bucket_size: int | None = Field(
        None, ge=60, le=2**31, description="Seconds, whole hours; wins over the interval."
    )
    metric: Literal[METRICS] = Field(  # type: ignore[valid-type]  # as above
        "credits", description="Measured here: credits, tts_characters, request_count, minutes_used."
    )


class AnalyticsBody(Body):
    """Usage over time as a table; counted by the hour, UTC."""

    start_time: _UnixMilliseconds
    end_time: _UnixMilliseconds
    interval_seconds: int | None = Field(
        None, ge=60, le=2**31, description="Whole hours; absent, one bucket for the whole span."
    )
    group_by: Annotated[list[_Word], Field(max_length=4)] | None = None
    filters: list[Any] | None = None
    time_zone: _Word | None = None


class RequestLogBody(Body):
    """Rows of the request log as a table."""

    start_time: _UnixMilliseconds | None = None
    end_time: _UnixMilliseconds | None = None
    limit: int | None = Field(None, ge=1, le=1000)
    sort: Any = None
    filters: list[Any] | None = None
    search: Any = None


class AuditLogQuery(Query):
    """Query of administrative acts."""

    limit: int = Field(100, ge=1, le=1000)
    cursor: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.:/{}+-]*$")] | None = None
    time_from_unix_ms: _UnixMilliseconds | None = None
    time_to_unix_ms: _UnixMilliseconds | None = None
    actor_uid: _Word | None = None
    class_name: _Word | None = None
    activity_name: _Word | None = None


class ZeroRetentionBody(Body):
    """Changes to the policy of the workspace; what is absent stays as it is.

    A member that it does not have is refused: a switch whose name is misspelled must not look thrown.
    """

    model_config = ConfigDict(extra="forbid")

    enforced: bool | None = None
    ineligible: Literal["refuse", "allow"] | None = None
    hipaa: bool | None = Field(None, description="Implies enforcement, and that nothing ineligible runs.")
    hipaa_agreement_date: _Date | None = Field(None, description="When it was signed; needed with hipaa: true.")
    conversation_rows: Literal["keep_redacted", "none"] | None = None
    restricted: bool | None = Field(None, description="The operator's alone; refused here.")
    capsule_key: Annotated[str, Field(max_length=128)] | None = Field(
        None, description="An age recipient that diagnoses of failed requests are sealed to; empty takes it away."
    )


class WouldBeQuery(Query):
    """A request that might be sent, by line and headers. Its `enable_logging` is given as itself."""

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE", "WS"] = Field(
        "POST", description="WS is a WebSocket handshake."
    )
    path: Annotated[str, Field(min_length=2, max_length=512, pattern=r"^/[^?#]*$")] = Field(
        description="Without a query, for example /v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb."
    )
    key_id: _Word | None = Field(None, description="Of another key of the workspace; absent, the one that asks.")
