"""Records of receipts and of the transparency log: from a gateway to the vault, and back.

Everything in them may be shown to anybody who has the request's id; none of it is content.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

_Signed = Annotated[str, msgspec.Meta(max_length=64 * 1024)]
_File = Annotated[bytes, msgspec.Meta(max_length=32 * 1024 * 1024)]


class NoteScrubbed(Record, frozen=True):
    """(6) The gateway has collected and wiped: of requests that it closed half a second ago or more nothing is left
    in it. Needs no ticket. Not answered.
    """

    KIND: ClassVar[int] = 490


class GetReceipt(Record, frozen=True):
    """Asks for the receipt of a request of this workspace. Answered by ReceiptView or Refused(not_found)."""

    KIND: ClassVar[int] = 491
    request_id: Name


class ReceiptView(Record, frozen=True):
    """A receipt, and where the log has it.

    salt:       with which its digest was made; nobody else can tell that the entry is this receipt's
    checkpoint: a signed note; empty while the receipt is not in the log yet, and so is what follows
    index:      of the entry in the log
    proof:      hashes from the entry to the root of the checkpoint
    """

    KIND: ClassVar[int] = 492
    signed: _Signed
    salt: bytes
    checkpoint: _Signed = ""
    index: Count = 0
    proof: Annotated[list[bytes], msgspec.Meta(max_length=64)] = msgspec.field(default_factory=list)


class ReadLogFile(Record, frozen=True):
    """Asks for a file of the log. Needs no ticket: the log is public. Answered by LogFile or Refused(not_found).

    path: `checkpoint`, or that of a tile
    """

    KIND: ClassVar[int] = 493
    path: Name


class LogFile(Record, frozen=True):
    """The bytes of a file of the log."""

    KIND: ClassVar[int] = 494
    data: _File


class GetProofKeys(Record, frozen=True):
    """Asks for the public keys. Needs no ticket. Answered by ProofKeys."""

    KIND: ClassVar[int] = 495


class ProofKeys(Record, frozen=True):
    """Whose signatures are to be believed.

    receipt_keys: JSON Web Keys with the time from which each signed and, once it has ended, to which; the newest
                  first; older ones still verify older receipts
    log_key:      a verifier key in the form of signed notes
    log_keys:     all keys of the log, with their times, the newest first
    memory, at_rest: where the private halves lie, as receipts say it
    """

    KIND: ClassVar[int] = 496
    receipt_keys: list[dict[str, str | int]]
    log_key: Name
    log_keys: list[dict[str, str | int]] = msgspec.field(default_factory=list)
    memory: Code = ""
    at_rest: Code = ""


class RotateProofKey(Record, frozen=True):
    """From the operator: lets a new key follow. Answered by ProofKeys or Refused.

    is_log: the log's key, else that of receipts
    """

    KIND: ClassVar[int] = 497
    is_log: bool


class ConfinementReport(Record, frozen=True):
    """From the supervisor to the vault: which process serves in which role, so that the vault can look for itself.

    start_ticks:   with the pid names one process for good
    self_reported: what only the process itself could see, by name
    """

    KIND: ClassVar[int] = 317
    role: Code
    name: Code
    pid: Count
    start_ticks: Count
    self_reported: dict[Code, bool]


UNTICKETED_PROOF_RECORDS: Final = (ReadLogFile, GetProofKeys)
RECEIPT_RECORDS: Final[tuple[type[Record], ...]] = (
    NoteScrubbed, GetReceipt, ReceiptView, ReadLogFile, LogFile, GetProofKeys, ProofKeys,
)  # fmt: skip
"""From a gateway to the vault, and back."""
PROOF_OPERATOR_RECORDS: Final[tuple[type[Record], ...]] = (GetProofKeys, ProofKeys, RotateProofKey)
"""From the operator to the vault, and back."""
