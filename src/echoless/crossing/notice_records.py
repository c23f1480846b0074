"""Records of notices and of the automatic check, for a workspace's own people and for the operator.

A notice says who was told by an id and how far that has come, never by which address.
"""

from __future__ import annotations

from typing import ClassVar, Final

from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.records import Code, Count, Name, Record


class ListNotices(Record, frozen=True):
    """Asks for the notices of the workspace, newest first. Answered by NoticePage.

    cursor: the last one of the page before
    """

    KIND: ClassVar[int] = 383
    limit: Count
    cursor: Code = ""


class NoticeDeliveryView(Record, frozen=True):
    """How far a notice has come on one way.

    channel:   `email` or `webhook`
    target_id: of a member or a webhook; empty for an address that belongs to none
    state:     `pending`, `sent` or `given_up`
    last_code: why the last attempt failed; empty where none has
    next_unix: when it is tried again, 0 where it is not
    """

    KIND: ClassVar[int] = 384
    channel: Code
    target_id: Code
    state: Code
    attempt_count: Count
    last_code: Code
    next_unix: Count
    done_unix: Count


class NoticeView(Record, frozen=True):
    """One notice."""

    KIND: ClassVar[int] = 385
    notice_id: Code
    workspace_id: Code
    kind: Code
    created_unix: Count
    facts: dict[Code, Code | int]
    deliveries: list[NoticeDeliveryView]


class NoticePage(Record, frozen=True):
    """A page of notices; `next_cursor` is empty on the last one."""

    KIND: ClassVar[int] = 386
    notices: list[NoticeView]
    next_cursor: Code


class GetModeration(Record, frozen=True):
    """Asks where the workspace stands with the automatic check. Answered by ModerationView."""

    KIND: ClassVar[int] = 387


class VerdictCountView(Record, frozen=True):
    """How often something was found within the window."""

    KIND: ClassVar[int] = 388
    category: Category
    severity: Severity
    action: Action
    count: Count


class ModerationView(Record, frozen=True):
    """Counts of words of closed sets; nothing of the texts that led to them.

    flagged_unix: since when the account is flagged, 0 where it is not
    counts:       of the window, since a restriction was last lifted
    """

    KIND: ClassVar[int] = 389
    flagged_unix: Count
    window_days: Count
    flags_max: Count
    severe_max: Count
    counts: list[VerdictCountView]


class ListAllNotices(Record, frozen=True):
    """The operator asks for notices of all workspaces, or of one. Answered by NoticePage."""

    KIND: ClassVar[int] = 390
    limit: Count
    workspace_id: Name = ""
    is_undelivered_only: bool = False


class RetryNotice(Record, frozen=True):
    """The operator has what has not arrived tried again at once. Answered by NoticeRetried or Refused."""

    KIND: ClassVar[int] = 391
    notice_id: Name


class NoticeRetried(Record, frozen=True):
    """How many deliveries are tried again."""

    KIND: ClassVar[int] = 392
    delivery_count: Count


_VIEWS: Final[tuple[type[Record], ...]] = (NoticeDeliveryView, NoticeView, NoticePage)
NOTICE_RECORDS: Final[tuple[type[Record], ...]] = (
    ListNotices, GetModeration, VerdictCountView, ModerationView, *_VIEWS,
)  # fmt: skip
"""Between a gateway and the vault."""
NOTICE_OPERATOR_RECORDS: Final[tuple[type[Record], ...]] = (ListAllNotices, RetryNotice, NoticeRetried, *_VIEWS)
"""At the operator's door."""
