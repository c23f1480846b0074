"""What an audit is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from echoless.audit.canary import CanaryMint
from echoless.crossing.records import Record

if TYPE_CHECKING:
    # Behind it stands the search, which loads numpy, whose threads a server must not have before its wall.
    from echoless.audit.reports.report import AuditReport

AskOperator = Callable[[Path, Record], Record]
"""Puts a question to the vault of the server that runs on a data directory."""
Progress = Callable[[str, float], None]
"""Takes the name of a step and the fraction of it that is done."""


def silent(step: str, fraction: float) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that somebody else started.

    supervisor_pid: 0 takes it from the data directory's lock
    """

    url: str
    data_directory: Path
    api_key: str = field(repr=False)
    supervisor_pid: int = 0


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """What to audit, and how.

    ask_operator:      how to reach the vault of a data directory
    server:            the server to audit; None starts one of our own in an audit view, and stops it afterwards
    has_controls:      whether servers with parts of the scrubbing switched off are tried too, which must be caught
    scrub_deadline_s:  how long after a response its content may still be in memory
    soak_count:        so many more requests in a row, under which memory must stay flat; 0 for none
    only:              products to plant in; empty for all
    flags:             more words for `echoless serve`, for a server of our own
    """

    ask_operator: AskOperator
    server: RunningServer | None = None
    has_controls: bool = True
    scrub_deadline_s: float = 1.0
    soak_count: int = 0
    only: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Scene:
    """One server under audit, as the parts of an audit are given it: each looks at one side and notes checks.

    outputs: files that its output went to; none where somebody else started it
    """

    options: AuditOptions
    server: RunningServer
    mint: CanaryMint = field(repr=False)
    report: AuditReport
    outputs: Sequence[Path] = ()
