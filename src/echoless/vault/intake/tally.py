"""What the vault counts of requests as they end: plain numbers under keys of closed sets.

No id, no name and no size of a request is a key here, so the number of keys is fixed when the process starts.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import product as all_pairs
from typing import Final

from echoless.core.errors import ErrorCode
from echoless.crossing.records import CloseStatus, CloseTicket
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import Product

DURATION_BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Coarse on purpose: a bucket says little of one request."""
CODE_CLASSES: Final = ("2xx", "3xx", "4xx", "5xx", "client_left")
_SERVER_CODES: Final = frozenset({ErrorCode.ENGINE_UNAVAILABLE.value, ErrorCode.INTERNAL_ERROR.value})
_SOCKET_CODES_FROM: Final = 1000
_SERVER_FAULT: Final = 1011
OTHER_CODE: Final = "other"
Kind = tuple[Product, RetentionMode]


class Durations:
    """How long requests of one kind took.

    counts: one for each bound and one above them all, not yet cumulated
    """

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(DURATION_BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, duration_s: float) -> None:
        """Count one request."""
        self.counts[bisect_left(DURATION_BOUNDS_S, duration_s)] += 1
        self.sum_s += duration_s


class Tally:
    """All counts since the process started.

    requests:  by product, mode and class of the answer's code
    durations: by product and mode, of requests that had a ticket
    refusals:  by code of the vault's own refusals: key, scope, entitlement, quota, concurrency ...
    """

    def __init__(self) -> None:
        kinds: list[Kind] = list(all_pairs(Product, RetentionMode))
        self.requests = {(*kind, code_class): 0 for kind in kinds for code_class in CODE_CLASSES}
        self.durations = {kind: Durations() for kind in kinds}
        self.refusals = dict.fromkeys((*(code.value for code in ErrorCode), OTHER_CODE), 0)

    def closed(self, product: Product, mode: RetentionMode, record: CloseTicket, duration_s: float) -> None:
        """Count a request that ends.

        duration_s: since its ticket was granted
        """
        self.requests[product, mode, code_class_of(record)] += 1
        self.durations[product, mode].add(duration_s)

    def refused(self, product: Product, mode: RetentionMode, code: str) -> None:
        """Count a request that got no ticket."""
        self.requests[product, mode, "5xx" if code in _SERVER_CODES else "4xx"] += 1

    def answered_no(self, code: str) -> None:
        """Count a refusal, of a ticket or of units."""
        self.refusals[code if code in self.refusals else OTHER_CODE] += 1


def code_class_of(record: CloseTicket) -> str:
    """Return the class of what a client was answered; a socket's close codes are put beside statuses."""
    code = record.http_status
    if record.status is CloseStatus.CLIENT_LEFT:
        return "client_left"
    if code >= _SOCKET_CODES_FROM:
        if record.status is CloseStatus.DONE:
            return "2xx"
        return "5xx" if code == _SERVER_FAULT else "4xx"
    if 300 <= code < 600:
        return f"{code // 100}xx"
    return "2xx" if record.status is CloseStatus.DONE else "5xx"
