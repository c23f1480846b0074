"""(queries) Usage over time: the hours that were counted, put into buckets of the calendar. UTC throughout."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.accounts import next_month_unix
from echoless.vault.stores.numbers import UsagePoint

BUCKETS_MAX: Final = 10_000
_HOUR_S: Final = 3600
_WEEK_S: Final = 604_800
# 1970-01-05 was the first Monday.
_FIRST_MONDAY_UNIX: Final = 4 * 86_400


def touched_hours(start_ms: int, end_ms: int) -> range:
    """Return the hours that a span touches, as seconds: usage is not known more closely.

    raises: EcholessError(INVALID_PARAMETERS) for a span that ends before it begins
    """
    if end_ms < start_ms:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The span is negative.")
    if end_ms == start_ms:
        return range(0)
    hour_ms = _HOUR_S * 1000
    return range(start_ms // hour_ms * _HOUR_S, -(-end_ms // hour_ms) * _HOUR_S, _HOUR_S)


def bucket_starts(hours: range, interval_s: int, *, is_by_month: bool) -> Sequence[int]:
    """Return when the buckets begin, as seconds; the first one may begin before the first hour.

    interval_s: whole hours, or 0 for one bucket; a week begins on Monday, everything else is counted from 1970
    raises:     EcholessError(INVALID_PARAMETERS) for too many buckets or ones that split an hour
    """
    if not hours:
        return []
    if is_by_month:
        starts: Sequence[int] = _month_starts(hours)
    elif interval_s:
        origin = _FIRST_MONDAY_UNIX if interval_s == _WEEK_S else 0
        starts = range(hours.start - (hours.start - origin) % interval_s, hours.stop, interval_s)
    else:
        starts = [hours.start]
    if interval_s % _HOUR_S or len(starts) > BUCKETS_MAX:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS, "The span has too many buckets, or ones that split an hour."
        )
    return starts


def bucketed(points: Sequence[UsagePoint], starts: Sequence[int]) -> dict[str, list[float]]:
    """Return one series for each label. Every point lies at or after the first start."""
    series: dict[str, list[float]] = {}
    for point in points:
        values = series.setdefault(point.label or "none", [0.0] * len(starts))
        values[bisect_right(starts, point.hour_unix) - 1] += point.value
    return series


def _month_starts(hours: range) -> list[int]:
    first = datetime.fromtimestamp(hours.start, UTC)
    starts = [int(datetime(first.year, first.month, 1, tzinfo=UTC).timestamp())]
    while len(starts) <= BUCKETS_MAX and (following := next_month_unix(starts[-1])) < hours.stop:
        starts.append(following)
    return starts
