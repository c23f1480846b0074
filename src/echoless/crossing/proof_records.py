"""Records of proofs: from a gateway to the vault, and back. None of them is content.

Proofs of inclusion and consistency are for anybody, like the log itself; changes of policy are for whoever may see
the workspace's trail.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Count, Record

_Signed = Annotated[str, msgspec.Meta(max_length=64 * 1024)]
_Statement = Annotated[str, msgspec.Meta(max_length=16 * 1024)]
_Path = Annotated[list[bytes], msgspec.Meta(max_length=64)]


class Inclusion(Record, frozen=True):
    """Where the log has an entry.

    checkpoint: a signed note
    proof:      hashes from the entry to the root of the checkpoint
    """

    KIND: ClassVar[int] = 500
    index: Count
    checkpoint: _Signed
    proof: _Path


class GetInclusion(Record, frozen=True):
    """Asks for the proof that an entry is in the log. Needs no ticket. Answered by Inclusion or Refused.

    size: of the tree in which it is to be shown; 0 for the newest
    """

    KIND: ClassVar[int] = 501
    index: Count
    size: Count = 0


class GetConsistency(Record, frozen=True):
    """Asks for the proof that the log only grew. Needs no ticket. Answered by Consistency or Refused.

    size: of the later tree; 0 for the newest
    """

    KIND: ClassVar[int] = 502
    old_size: Count
    size: Count = 0


class Consistency(Record, frozen=True):
    """That the tree of one size is the beginning of another's.

    checkpoint: the newest signed note, of the later tree or one that goes on from it
    """

    KIND: ClassVar[int] = 503
    old_size: Count
    size: Count
    checkpoint: _Signed
    proof: _Path


class ListPolicyChanges(Record, frozen=True):
    """Asks for changes of this workspace's retention policies, the newest first. Answered by PolicyChangePage.

    before: the cursor of the page before; 0 for the first page
    """

    KIND: ClassVar[int] = 504
    limit: Count
    before: Count = 0


class PolicyChangeView(Record, frozen=True):
    """One change.

    statement: canonical JSON, what the log's entry commits to
    inclusion: None while the entry is not made
    """

    KIND: ClassVar[int] = 505
    sequence: Count
    statement: _Statement
    salt: bytes
    inclusion: Inclusion | None = None


class PolicyChangePage(Record, frozen=True):
    """Changes, the newest first.

    next_before: the cursor of the next page; 0 at the end
    """

    KIND: ClassVar[int] = 506
    changes: Annotated[list[PolicyChangeView], msgspec.Meta(max_length=100)]
    next_before: Count = 0


UNTICKETED_LOG_RECORDS: Final = (GetInclusion, GetConsistency)
PROOF_RECORDS: Final[tuple[type[Record], ...]] = (
    Inclusion, GetInclusion, GetConsistency, Consistency, ListPolicyChanges, PolicyChangeView, PolicyChangePage,
)  # fmt: skip
"""From a gateway to the vault, and back."""
