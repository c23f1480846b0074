"""Records of operation: what a gateway asks of the vault without a ticket, and what the supervisor tells it.

Numbers and codes of closed sets; nothing of a request, a workspace or a person is in them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Record

_ROLES_MAX: Final = 16


class AskReadiness(Record, frozen=True):
    """Answered by Readiness; for whoever asks whether the server can serve, so no ticket is needed."""

    KIND: ClassVar[int] = 460


class Readiness(Record, frozen=True):
    """What only the vault knows.

    is_starting:      not every process has shown its wall yet
    is_store_failing: nothing can be written, so no generation is served
    is_confined:      zero retention can be promised here
    """

    KIND: ClassVar[int] = 461
    is_starting: bool
    is_store_failing: bool
    is_confined: bool


class ReadMetrics(Record, frozen=True):
    """Answered by MetricsPage. The gateway has checked who asks; what is answered holds numbers of closed sets."""

    KIND: ClassVar[int] = 462


class MetricsPage(Record, frozen=True):
    """All numbers, in the text format of Prometheus."""

    KIND: ClassVar[int] = 463
    text: Annotated[bytes, msgspec.Meta(max_length=512 * 1024)]


class ProcessCounts(Record, frozen=True):
    """From the supervisor to the vault: its processes, by role.

    ready:    how many serve now
    restarts: how many were started in place of one that ended by itself, since the server started
    """

    KIND: ClassVar[int] = 314
    ready: Annotated[dict[Code, Count], msgspec.Meta(max_length=_ROLES_MAX)]
    restarts: Annotated[dict[Code, Count], msgspec.Meta(max_length=_ROLES_MAX)]


UNTICKETED_OPERATIONS_RECORDS: Final = (AskReadiness, ReadMetrics)
"""Questions about the server itself, so nobody's ticket is needed."""
OPERATIONS_RECORDS: Final[tuple[type[Record], ...]] = (AskReadiness, Readiness, ReadMetrics, MetricsPage)
