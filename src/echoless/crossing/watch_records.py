"""Records of the live view: what the server is proving at this moment. Numbers and codes of closed sets only."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Record

_PROCESSES_MAX: Final = 4096
_KINDS_MAX: Final = 256
_Counts = Annotated[dict[Code, Count], msgspec.Meta(max_length=_KINDS_MAX)]


class AskWatch(Record, frozen=True):
    """Asks how it stands. Answered by WatchView."""

    KIND: ClassVar[int] = 520


class WatchedProcess(Record, frozen=True):
    """One serving process.

    is_seen:       whether the vault could look at it; what follows is None where not
    seccomp_mode, has_no_new_privs, swap_kib: by the kernel's word
    self_reported: what only the process itself could see, by name
    """

    KIND: ClassVar[int] = 521
    role: Code
    name: Code
    pid: Count
    is_seen: bool
    seccomp_mode: Count | None
    has_no_new_privs: bool | None
    swap_kib: Count | None
    self_reported: dict[Code, bool]

    @property
    def is_walled(self) -> bool:
        """Whether the kernel says that a filter is in force, and nothing says that anything is missing."""
        return self.seccomp_mode == 2 and self.has_no_new_privs is True and all(self.self_reported.values())


class WatchView(Record, frozen=True):
    """How it stands.

    receipts_minute:  signed within the last minute, by mode
    receipts:         signed since the vault started, by mode
    receipts_pending: of requests that ended and are not signed for yet
    receipts_lost:    that will never be signed
    capsules:         sealed diagnoses that went out
    refusals:         by code, of codes that occurred
    missing:          codes of properties that zero retention needs and some process lacks
    audit_unix:       when the last audit was entered, since the vault started; 0 for none
    log_root:         of the log's newest checkpoint, base64
    """

    KIND: ClassVar[int] = 522
    now_unix: Count
    receipts_minute: _Counts
    receipts: _Counts
    receipts_pending: Count
    receipts_lost: Count
    capsules: Count
    refusals: _Counts
    open_requests: Count
    running: Count
    waiting: Count
    assurance: Code
    is_confined: bool
    missing: Annotated[list[Code], msgspec.Meta(max_length=_KINDS_MAX)]
    swap_total_kib: Count | None
    processes: Annotated[list[WatchedProcess], msgspec.Meta(max_length=_PROCESSES_MAX)]
    log_origin: Annotated[str, msgspec.Meta(max_length=256)]
    log_size: Count
    log_root: Annotated[str, msgspec.Meta(max_length=64)]
    audit_unix: Count = 0
    audit_verdict: Code = ""
    audit_mode: Code = ""


WATCH_RECORDS: Final[tuple[type[Record], ...]] = (AskWatch, WatchedProcess, WatchView)
