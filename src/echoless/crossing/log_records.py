"""Records of the logs that hold content, and of deletions of many items.

Only the operator reads those logs, through their own door and with a reason; from a gateway come the settings of a
workspace, and what it wants deleted.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

ItemIds = Annotated[list[Name], msgspec.Meta(max_length=1000)]


class GetLogSettings(Record, frozen=True):
    """Asks what becomes of the workspace's logs. Answered by LogSettings."""

    KIND: ClassVar[int] = 400


class SetLogSettings(Record, frozen=True):
    """Says whether a deleted item takes its entries in the logs with it. Answered by LogSettings or Refused."""

    KIND: ClassVar[int] = 401
    erase_logs_with_item: bool


class LogSettings(Record, frozen=True):
    """What becomes of the workspace's logs; the days are the operator's."""

    KIND: ClassVar[int] = 402
    erase_logs_with_item: bool
    debug_log_days: Count
    moderation_log_days: Count


class DeleteMany(Record, frozen=True):
    """Deletes many items of the history. Answered by DeletionProgress or Refused.

    item_ids:   exactly these; empty for all that the filters let through
    before_unix, after_unix: exclusive and inclusive; 0 for no bound
    workspace_id: said by the operator only, a gateway's request has its own
    """

    KIND: ClassVar[int] = 403
    item_ids: ItemIds = msgspec.field(default_factory=list)
    voice_id: Name = ""
    model_id: Name = ""
    source: Name = ""
    before_unix: Count = 0
    after_unix: Count = 0
    workspace_id: Name = ""


class GetDeletionProgress(Record, frozen=True):
    """Asks how far a deletion of many items is. Answered by DeletionProgress or Refused."""

    KIND: ClassVar[int] = 404
    job_id: Name
    workspace_id: Name = ""


class DeletionProgress(Record, frozen=True):
    """How far a deletion of many items is."""

    KIND: ClassVar[int] = 405
    job_id: Code
    is_done: bool
    deleted_count: Count
    total_count: Count


class ReadLog(Record, frozen=True):
    """Asks for entries of a log, newest first. Answered by LogPage or Refused.

    log:    `debug` or `moderation`
    reason: why; it goes into the audit trail of the workspace before anything is shown
    before_sequence: 0 for the newest
    """

    KIND: ClassVar[int] = 406
    log: Code
    workspace_id: Name
    reason: Annotated[str, msgspec.Meta(max_length=1000)]
    count: Count
    before_sequence: Count = 0
    request_id: Name = ""


class FindingView(Record, frozen=True):
    """What a check found. Content inside a page."""

    category: Name
    severity: Name
    excerpts: list[str]


class LogEntryView(Record, frozen=True):
    """One entry of a log. Content inside a page."""

    KIND: ClassVar[int] = 407
    IS_CONTENT: ClassVar[bool] = True
    sequence: Count
    time_ms: Count
    request_id: Code
    item_id: Code
    code: Code
    endpoint: Name
    key_id: Code
    model_id: Name
    voice_id: Name
    parameters: dict[str, str | int | float | bool | None]
    text: str
    dialogue: list[str]
    previous_text: str | None
    next_text: str | None
    transcript: str
    is_cut: bool
    findings: list[FindingView]


class LogPage(Record, frozen=True):
    """Entries of a log. Content.

    has_more: whether older ones follow the last
    """

    KIND: ClassVar[int] = 408
    IS_CONTENT: ClassVar[bool] = True
    entries: list[LogEntryView]
    has_more: bool


LOG_RECORDS: Final[tuple[type[Record], ...]] = (
    GetLogSettings, SetLogSettings, LogSettings, DeleteMany, GetDeletionProgress, DeletionProgress,
)  # fmt: skip
"""What travels between gateways and the vault."""
LOG_OPERATOR_RECORDS: Final[tuple[type[Record], ...]] = (
    ReadLog, LogEntryView, LogPage, DeleteMany, GetDeletionProgress, DeletionProgress,
)  # fmt: skip
"""What travels through the operator's door."""
