"""When something that is kept has had its days."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.retention.schedule import (
    AT_ONCE,
    DAY_MS,
    DAYS_MAX,
    NEVER,
    checked_days,
    days_of_conversation,
    due_ms,
    ended_before_ms,
    is_due,
)

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z25")]
ENDED_MS = 1_800_000_000_123
TIMES = st.integers(0, 2**45)
DAYS = st.integers(NEVER, DAYS_MAX)


@pytest.mark.parametrize("days", [1, 2, 30, 90, 730, DAYS_MAX])
def test_a_life_ends_on_the_millisecond(days: int) -> None:
    """C55."""
    end_ms = ENDED_MS + days * DAY_MS
    assert not is_due(ENDED_MS, days, end_ms - 1)
    assert is_due(ENDED_MS, days, end_ms)
    assert is_due(ENDED_MS, days, end_ms + 100 * 365 * DAY_MS), "T40: however long ago"


def test_zero_days_are_over_at_the_end_itself() -> None:
    """C55: 0 deletes now, it does not mean for ever."""
    assert due_ms(ENDED_MS, AT_ONCE) == ENDED_MS
    assert is_due(ENDED_MS, AT_ONCE, ENDED_MS)
    assert not is_due(ENDED_MS, AT_ONCE, ENDED_MS - 1), "not before it has ended"


@given(TIMES, TIMES)
def test_minus_one_is_never_due(ended_ms: int, now_ms: int) -> None:
    """C55."""
    assert due_ms(ended_ms, NEVER) is None
    assert not is_due(ended_ms, NEVER, now_ms)
    assert ended_before_ms(NEVER, now_ms) is None


@pytest.mark.parametrize(
    ("ended", "days"),
    [
        ("2026-03-28T12:00:00", 1),  # the night to summer time has 23 hours in Berlin
        ("2026-10-24T12:00:00", 1),  # the night back has 25
        ("2026-03-01T02:30:00", 30),
        ("2026-10-01T02:30:00", 30),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_a_day_has_as_many_seconds_in_every_zone_and_season(ended: str, days: int, zone: str) -> None:
    """C55: wall clocks that are put forward or back change no life."""
    ended_ms = int(datetime.fromisoformat(ended).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
    assert due_ms(ended_ms, days) == ended_ms + days * 86_400_000
    assert not is_due(ended_ms, days, ended_ms + days * 86_400_000 - 1)


@given(TIMES, DAYS, TIMES)
def test_the_bound_of_a_schedule_finds_exactly_what_is_due(ended_ms: int, days: int, now_ms: int) -> None:
    """T40: a bound on one side only."""
    before_ms = ended_before_ms(days, now_ms)
    assert is_due(ended_ms, days, now_ms) is (before_ms is not None and ended_ms < before_ms)


@given(TIMES, DAYS, TIMES, st.integers(0, 2**40))
def test_what_is_due_stays_due(ended_ms: int, days: int, now_ms: int, more_ms: int) -> None:
    assert not is_due(ended_ms, days, now_ms) or is_due(ended_ms, days, now_ms + more_ms)


@given(TIMES, st.integers(0, DAYS_MAX), st.integers(0, DAYS_MAX), TIMES)
def test_fewer_days_are_never_later(ended_ms: int, days: int, fewer: int, now_ms: int) -> None:
    fewer, days = sorted((days, fewer))
    assert not is_due(ended_ms, days, now_ms) or is_due(ended_ms, fewer, now_ms)


@pytest.mark.parametrize(("applies", "expected"), [(True, 0), (False, 30)])
def test_a_new_number_of_days_reaches_older_conversations_only_when_asked_to(applies: bool, expected: int) -> None:
    """C55: apply_to_existing_conversations."""
    assert days_of_conversation(30, 0, applies_to_existing=applies) == expected


@pytest.mark.parametrize("days", [-2, -100, DAYS_MAX + 1, True, False])
def test_other_numbers_of_days_are_refused(days: int) -> None:
    with pytest.raises(EcholessError) as caught:
        checked_days(days, "retention_days")
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "retention_days")


@pytest.mark.parametrize("days", [NEVER, AT_ONCE, 1, DAYS_MAX])
def test_these_numbers_of_days_may_be_asked_for(days: int) -> None:
    assert checked_days(days) == days
