"""When something that is kept has had its days: in pure functions.

A day is 86,400 s of Unix time, so no change to or from summer time makes a life longer or shorter. Lives end at an
instant: at `ended + days` a thing is due, a millisecond before it is not.
source: the wire contract, agents, retention_days; the table of what is kept for how long
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

NEVER: Final = -1
AT_ONCE: Final = 0
DAYS_MAX: Final = 36_500
DAY_MS: Final = 86_400_000


class Kept(StrEnum):
    """Classes of what time takes away; each has its own life and its own job."""

    HISTORY = "history"
    REQUEST_LOG = "request_log"
    DEBUG_LOG = "debug_log"
    MODERATION_LOG = "moderation_log"
    DELIVERIES = "deliveries"
    JOBS = "jobs"


def checked_days(days: int, param: str | None = None) -> int:
    """Return a number of days that may be asked for.

    days:   -1 for ever, 0 not at all, otherwise days
    raises: EcholessError(INVALID_PARAMETERS) for anything else; true and false are no numbers of days
    """
    if isinstance(days, bool) or not NEVER <= days <= DAYS_MAX:
        message = f"Days are -1 for ever, 0 for deletion at once, or up to {DAYS_MAX}."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=param)
    return days


def due_ms(ended_ms: int, days: int) -> int | None:
    """Return when something that ended then is to be deleted, or None for never.

    ended_ms: Unix time in milliseconds
    days:     as `checked_days`; 0 is the end itself
    """
    return None if days == NEVER else ended_ms + days * DAY_MS


def is_due(ended_ms: int, days: int, now_ms: int) -> bool:
    """Say whether it is to be deleted now, however long ago it was due."""
    due = due_ms(ended_ms, days)
    return due is not None and now_ms >= due


def ended_before_ms(days: int, now_ms: int) -> int | None:
    """Return the time that everything due now ended before, or None where nothing ever is.

    returns: exclusive, so that `ended < ended_before` is exactly `is_due`
    """
    return None if days == NEVER else now_ms - days * DAY_MS + 1


def days_of_conversation(days_at_its_end: int, days_now: int, *, applies_to_existing: bool) -> int:
    """Return the life of a conversation whose agent's setting has changed since it ended.

    applies_to_existing: the change was asked for with `apply_to_existing_conversations`
    """
    return days_now if applies_to_existing else days_at_its_end
