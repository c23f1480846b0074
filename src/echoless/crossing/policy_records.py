"""Records of policy: the mode that a request would have, and what is kept where and why.

From a gateway they travel under the ticket of their own request; from the operator they come through their door.
"""

from __future__ import annotations

from typing import ClassVar, Final

from echoless.crossing.records import Code, Count, EndpointName, Name, Record
from echoless.retention.decision import Level, RetentionMode, Switch


class ForeseeRequest(Record, frozen=True):
    """Asks what would become of a request, from line and headers alone. Answered by ForeseenRequest or Refused.

    endpoint: a row of the endpoint table
    switch:   the request's own word
    key_id:   of the key that would send it; empty for the one that asks
    """

    KIND: ClassVar[int] = 360
    endpoint: EndpointName
    switch: Switch
    key_id: Name = ""


class ForeseenRequest(Record, frozen=True):
    """What would become of it now.

    mode:    that it would have, or was refused in
    level:   who decided that
    code:    of the refusal; empty where it would be served
    """

    KIND: ClassVar[int] = 361
    endpoint: EndpointName
    mode: RetentionMode
    level: Level
    code: Code = ""
    message: str = ""
    param: str | None = None
    policy_version: Count = 0


class GetRetention(Record, frozen=True):
    """Asks what is kept where, why and how long. Answered by RetentionView."""

    KIND: ClassVar[int] = 362


class RetainedClassView(Record, frozen=True):
    """One class of what is kept, as `retention.classes` has it.

    life_days: None until deleted
    """

    KIND: ClassVar[int] = 363
    name: Code
    purposes: list[Code]
    holds: str
    stores: list[Code]
    erased_by: list[Code]
    check: str
    has_content: bool
    keeps_zero: bool
    life_days: Count | None


class StoreView(Record, frozen=True):
    """One place where something is kept."""

    KIND: ClassVar[int] = 375
    name: Code
    purposes: list[Code]
    holds: str
    places: list[Code]


class RetentionView(Record, frozen=True):
    """All classes, and which stores there are."""

    KIND: ClassVar[int] = 364
    classes: list[RetainedClassView]
    stores: list[StoreView]


class SetSelfDisabling(Record, frozen=True):
    """Says whether holders of keys may disable them, where a key says nothing itself. Answered by Done."""

    KIND: ClassVar[int] = 374
    is_allowed: bool


POLICY_RECORDS: Final[tuple[type[Record], ...]] = (
    ForeseeRequest, ForeseenRequest, GetRetention, RetainedClassView, StoreView, RetentionView, SetSelfDisabling,
)  # fmt: skip
