"""Records of moderation: verdicts, which cross in both modes; excerpts, which only a kept request may hand over;
and what a model is asked.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.records import Code, Count, Record

EXCERPTS_MAX: Final = 8
FINDINGS_MAX: Final = 64
_Excerpt = Annotated[str, msgspec.Meta(max_length=1000)]


class NoteVerdict(Record, frozen=True):
    """(7) What was found in a text, in words of closed sets: all that leaves the plane under zero retention.

    Not answered. Means nothing but under the ticket of a generation.
    """

    KIND: ClassVar[int] = 380
    category: Category
    severity: Severity
    action: Action
    count: Count = 1


class KeptFinding(Record, frozen=True):
    """A finding with its excerpts. Content inside KeepModeration."""

    KIND: ClassVar[int] = 381
    IS_CONTENT: ClassVar[bool] = True
    category: Category
    severity: Severity
    excerpts: Annotated[list[_Excerpt], msgspec.Meta(max_length=EXCERPTS_MAX)]


class KeepModeration(Record, frozen=True):
    """(5) What was found, with excerpts, for the moderation log of a kept request. Content. Not answered."""

    KIND: ClassVar[int] = 382
    IS_CONTENT: ClassVar[bool] = True
    action: Action
    findings: Annotated[list[KeptFinding], msgspec.Meta(max_length=FINDINGS_MAX)]


class RemoteModerate(Record, frozen=True):
    """Has a declared remote judge a text. Content. Answered by Moderated.

    model_id: the remote's own name of its model
    is_zero:  whether nothing of it may be kept; a remote that has not declared so is not asked
    """

    KIND: ClassVar[int] = 484
    IS_CONTENT: ClassVar[bool] = True
    model_id: Code
    is_zero: bool
    text: str


class Moderated(Record, frozen=True):
    """What the remote's model flagged.

    error_code: empty where it has judged
    """

    KIND: ClassVar[int] = 485
    error_code: Code
    flagged: Annotated[list[Category], msgspec.Meta(max_length=FINDINGS_MAX)]


MODERATION_RECORDS: Final[tuple[type[Record], ...]] = (NoteVerdict, KeepModeration)
"""Between a gateway and the vault."""
MODERATION_EGRESS_RECORDS: Final[tuple[type[Record], ...]] = (RemoteModerate, Moderated)
"""Between a gateway and an egress process."""
