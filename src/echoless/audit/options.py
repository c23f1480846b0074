"""What an audit is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from echoless.audit.canary import CanaryMint
from echoless.core.processes import ProcessIdentity, family_of
from echoless.core.server_process import running_supervisor
from echoless.crossing.records import Record

if TYPE_CHECKING:
    # Behind it stands the search, which loads numpy, whose threads a server must not have before its wall.
    from echoless.audit.reports.report import AuditReport
    from echoless.audit.search.needles import Needle

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
    is_in_use:      others use it too: nothing is asked that changes more than the audit takes away again
    is_remote:      it is reached over the network alone: its files, processes and vault are out of sight, and
                    `data_directory` means nothing
    metrics_token:  what a scraper shows; empty where the audit does not know it
    """

    url: str
    data_directory: Path
    api_key: str = field(repr=False)
    supervisor_pid: int = 0
    is_in_use: bool = True
    is_remote: bool = False
    metrics_token: str = field(default="", repr=False)


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
    interpreter:       of another installation that a server of our own is started from
    is_live:           the server is in use by others: few plantings of all products, and all of it taken away again
    is_quick:          a few telling plantings, one round, one search of memory
    is_sealed:         whether a vault seals the report; False where it is a part of another one
    pause_s:           before each request
    parts:             names of parts to run, `rounds` is one; empty for all that the mode has
    """

    ask_operator: AskOperator
    server: RunningServer | None = None
    has_controls: bool = True
    scrub_deadline_s: float = 1.0
    soak_count: int = 0
    only: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    interpreter: Path | None = None
    is_quick: bool = False
    is_live: bool = False
    is_sealed: bool = True
    parts: tuple[str, ...] = ()
    pause_s: float = 0.0
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Scene:
    """One server under audit, as the parts of an audit are given it: each looks at one side and notes checks.

    outputs:      files that its output went to; none where somebody else started it
    needles:      everything that was planted and made so far, for searches of places where nothing of it may be
    kept:         names of the canaries that may be in memory
    began_unix_s: before anything was planted
    """

    options: AuditOptions
    server: RunningServer
    mint: CanaryMint = field(repr=False)
    report: AuditReport
    outputs: Sequence[Path] = ()
    needles: Sequence[Needle] = field(default=(), repr=False)
    kept: frozenset[str] = frozenset()
    began_unix_s: float = 0.0

    def family(self) -> tuple[ProcessIdentity, ...]:
        """Return the processes of the server as they are now, the supervisor first.

        raises: EcholessError(NOT_FOUND) when it is gone, EcholessError(DATA_DIRECTORY) when none runs there
        """
        return family_of(self.server.supervisor_pid or running_supervisor(self.server.data_directory))
