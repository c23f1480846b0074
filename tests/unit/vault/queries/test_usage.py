"""Usage in buckets of the calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.queries.usage import bucket_starts, bucketed, touched_hours
from echoless.vault.stores.numbers import UsagePoint

pytestmark = pytest.mark.unit
DAY_S = 86_400


def unix(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def hours(start_unix: int, end_unix: int) -> range:
    return touched_hours(start_unix * 1000, end_unix * 1000)


def test_a_span_counts_every_hour_that_it_touches() -> None:
    assert list(touched_hours(3_600_000, 7_200_000)) == [3600]
    assert list(touched_hours(7_199_000, 7_200_001)) == [3600, 7200]
    assert list(touched_hours(5, 5)) == []
    with pytest.raises(EcholessError):
        touched_hours(6, 5)


@pytest.mark.parametrize(
    ("interval_s", "is_by_month", "expected"),
    [
        (0, False, [(2027, 1, 30, 5)]),
        (DAY_S, False, [(2027, 1, 30), (2027, 1, 31), (2027, 2, 1)]),
        (7 * DAY_S, False, [(2027, 1, 25), (2027, 2, 1)]),
        (0, True, [(2027, 1, 1), (2027, 2, 1)]),
    ],
)
def test_buckets_begin_with_the_calendar(
    interval_s: int, is_by_month: bool, expected: list[tuple[int, int, int]]
) -> None:
    """2027-01-25 is a Monday."""
    span = hours(unix(2027, 1, 30, 5), unix(2027, 2, 1, 3))
    assert list(bucket_starts(span, interval_s, is_by_month=is_by_month)) == [unix(*day) for day in expected]


def test_a_month_is_as_long_as_it_is() -> None:
    starts = bucket_starts(hours(unix(2027, 1, 1), unix(2028, 1, 1)), 0, is_by_month=True)
    assert starts == [unix(2027, month, 1) for month in range(1, 13)]


@pytest.mark.parametrize(("interval_s", "is_by_month"), [(3600, False), (60, False), (3601, False), (0, True)])
def test_too_many_buckets_and_split_hours_are_refused(interval_s: int, is_by_month: bool) -> None:
    with pytest.raises(EcholessError) as caught:
        bucket_starts(range(0, 2**35, 3600), interval_s, is_by_month=is_by_month)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


def test_points_lie_in_the_last_bucket_that_began_before_them() -> None:
    points = [UsagePoint(3600, "a", 1.0), UsagePoint(7200, "a", 2.0), UsagePoint(10_800, "", 4.0)]
    assert bucketed(points, [0, 7200]) == {"a": [1.0, 2.0], "none": [0.0, 4.0]}
