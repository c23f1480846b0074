"""Records about the end of an account: asking for it, its certificate, and the end of what still runs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.proof_records import Inclusion
from echoless.crossing.records import Code, Count, Name, Record


class TicketRevoked(Record, frozen=True):
    """The vault's word that the ticket in the frame's header is no longer open: its account is being deleted.

    Nothing of the request is kept from here on. The gateway ends it: an answer that was not begun is a refusal,
    one that was begun is cut, a socket is told and closed.
    """

    KIND: ClassVar[int] = 420


class AskDeletion(Record, frozen=True):
    """Asks for the deletion of the caller's own workspace. Answered by DeletionView or Refused.

    password: of the member who asks; empty where the session is a fresh one
    """

    KIND: ClassVar[int] = 421
    password: Name = ""

    def __repr__(self) -> str:
        return "<AskDeletion>"


class ConfirmDeletion(Record, frozen=True):
    """Confirms a deletion by the code that was mailed. Answered by DeletionView or Refused."""

    KIND: ClassVar[int] = 422
    code: Name

    def __repr__(self) -> str:
        return "<ConfirmDeletion>"


class CancelDeletion(Record, frozen=True):
    """Takes a deletion back that has not begun. Answered by Done or Refused."""

    KIND: ClassVar[int] = 423


class GetDeletion(Record, frozen=True):
    """Asks how far the deletion of the caller's workspace is. Answered by DeletionView or Refused."""

    KIND: ClassVar[int] = 424


class DeletionView(Record, frozen=True):
    """A deletion that was asked for.

    state:    `unconfirmed`, `waiting`, `erasing` or `done`
    due_unix: when it begins; of an unconfirmed one, when its code ends
    """

    KIND: ClassVar[int] = 425
    deletion_id: Code
    workspace_id: Code
    state: Code
    due_unix: Count


class GetCertificate(Record, frozen=True):
    """Asks for a certificate by its id, which is its deletion's. Answered by CertificateView or Refused."""

    KIND: ClassVar[int] = 426
    certificate_id: Name


class CertificateView(Record, frozen=True):
    """A certificate: a compact JWS.

    salt, inclusion: of its entry in the transparency log; empty and None while it is not there
    """

    KIND: ClassVar[int] = 427
    certificate: str
    salt: bytes = b""
    inclusion: Inclusion | None = None


class GetCertificateKey(Record, frozen=True):
    """Asks for the public key of certificates. Answered by CertificateKeyView."""

    KIND: ClassVar[int] = 428


class CertificateKeyView(Record, frozen=True):
    """The public key that certificates are checked with, as a JSON Web Key."""

    KIND: ClassVar[int] = 429
    members: dict[str, str]


class DeleteWorkspace(Record, frozen=True):
    """The operator's word that a workspace is to be deleted, at once. Answered by DeletionView or Refused."""

    KIND: ClassVar[int] = 430
    workspace_id: Name


class FindDeletion(Record, frozen=True):
    """The operator's question how far a deletion is. Answered by DeletionView or Refused.

    deletion_id: as DeletionView told it
    """

    KIND: ClassVar[int] = 431
    deletion_id: Name


class KeepWorkspace(Record, frozen=True):
    """The operator's word that a workspace is not to be deleted. Answered by Done or Refused."""

    KIND: ClassVar[int] = 432
    workspace_id: Name


class TakeCensus(Record, frozen=True):
    """The operator's question what is stored of a workspace, by table. Answered by Census.

    workspace_id: need not exist any more
    """

    KIND: ClassVar[int] = 433
    workspace_id: Name


class Census(Record, frozen=True):
    """What every store has of a workspace.

    rows:         by table, nought included
    orphan_count: rows and objects that belong to nobody at all
    """

    KIND: ClassVar[int] = 434
    rows: dict[str, Count]
    orphan_count: Count


class ListCertificates(Record, frozen=True):
    """The operator's question for all certificates. Answered by CertificateList."""

    KIND: ClassVar[int] = 435


class CertificateList(Record, frozen=True):
    """Ids of all certificates."""

    KIND: ClassVar[int] = 436
    certificate_ids: list[Code]


class RemoveMember(Record, frozen=True):
    """Removes a member of the caller's workspace. Answered by MemberRemoved or Refused."""

    KIND: ClassVar[int] = 437
    address: Annotated[str, msgspec.Meta(max_length=254)]

    def __repr__(self) -> str:
        return "<RemoveMember>"


class MemberRemoved(Record, frozen=True):
    """What became of what a removed member had.

    removed, reassigned, kept: how much, by name; reassigned to `heir_id`, kept under an id that names nobody now
    """

    KIND: ClassVar[int] = 438
    user_id: Code
    heir_id: Code
    removed: dict[str, Count]
    reassigned: dict[str, Count]
    kept: dict[str, Count]


UNTICKETED_ACCOUNT_RECORDS: Final = (GetCertificate, GetCertificateKey)
"""Questions about what outlives an account: nobody of it is left to hold a ticket."""
ACCOUNT_RECORDS: Final[tuple[type[Record], ...]] = (
    TicketRevoked, AskDeletion, ConfirmDeletion, CancelDeletion, GetDeletion, DeletionView, GetCertificate,
    CertificateView, GetCertificateKey, CertificateKeyView, RemoveMember, MemberRemoved,
)  # fmt: skip
"""What travels between gateways and the vault."""
ACCOUNT_OPERATOR_RECORDS: Final[tuple[type[Record], ...]] = (
    DeleteWorkspace, FindDeletion, KeepWorkspace, TakeCensus, Census, ListCertificates, CertificateList,
    DeletionView, GetCertificate, CertificateView, GetCertificateKey, CertificateKeyView, MemberRemoved,
)  # fmt: skip
"""What travels through the operator's door."""
