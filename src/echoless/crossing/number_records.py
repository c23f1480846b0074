"""Records of numbers: usage, the request log, and the trail of administrative acts.

Codes, ids and counts alone; of a zero-retention request no more than its closed list.
"""

from __future__ import annotations

from typing import ClassVar, Final

from echoless.crossing.records import Code, Count, Name, Record
from echoless.retention.decision import RetentionMode


class GetUsage(Record, frozen=True):
    """Asks for usage in buckets. Answered by Usage.

    breakdown: `none`, `model`, `product_type`, `api_keys`; metric: `credits`, `tts_characters`, `request_count`,
                 `minutes_used` (of audio, made or heard)
    interval_s:  length of a bucket, whole hours; 0 for one bucket
    is_by_month: buckets are months, whatever interval_s says
    """

    KIND: ClassVar[int] = 132
    start_ms: Count
    end_ms: Count
    interval_s: Count
    breakdown: Code
    metric: Code
    is_by_month: bool = False


class Usage(Record, frozen=True):
    """Buckets and one series for each label. A bucket begins at a whole hour, day, Monday or month, UTC."""

    KIND: ClassVar[int] = 133
    bucket_start_ms: list[int]
    series: dict[str, list[float]]


class ListRequests(Record, frozen=True):
    """Asks for rows of the request log, newest first. Answered by RequestRows."""

    KIND: ClassVar[int] = 134
    start_ms: Count
    end_ms: Count
    limit: Count


class RequestRow(Record, frozen=True):
    """One request: the closed list that may be kept of a zero-retention one, and no more."""

    KIND: ClassVar[int] = 135
    request_id: Code
    workspace_id: Code
    key_id: Code
    endpoint: Name
    product: Code
    model_id: Code
    output_format: Code
    characters: Count
    audio_ms: Count
    start_unix: Count
    duration_ms: Count
    http_status: Count
    error_code: Code
    mode: RetentionMode
    policy_version: Count


class RequestRows(Record, frozen=True):
    """Rows of the request log."""

    KIND: ClassVar[int] = 136
    rows: list[RequestRow]


class ListAuditEntries(Record, frozen=True):
    """Asks for administrative acts, newest first. Answered by AuditEntries."""

    KIND: ClassVar[int] = 137
    limit: Count
    cursor: Code = ""
    from_ms: Count = 0
    to_ms: Count = 0
    actor_id: Name = ""
    activity: Name = ""


class AuditEntry(Record, frozen=True):
    """One administrative act; `reason` is why an operator read a log."""

    KIND: ClassVar[int] = 138
    entry_id: Code
    time_ms: Count
    actor_id: Code
    activity: Code
    target_id: Code
    reason: Name = ""


class AuditEntries(Record, frozen=True):
    """A page of acts."""

    KIND: ClassVar[int] = 139
    entries: list[AuditEntry]
    next_cursor: Code


NUMBER_RECORDS: Final[tuple[type[Record], ...]] = (
    GetUsage, Usage, ListRequests, RequestRow, RequestRows, ListAuditEntries, AuditEntry, AuditEntries,
)  # fmt: skip
