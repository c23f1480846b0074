"""What an audit found, as a value. Tables, JSON, a page and a PDF are made of it beside this file.

Words and audio never appear in it: a canary is called by the place where it was planted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from echoless.audit.search.memory_scan import MemoryScan

SCHEMA: Final = "echoless-audit-report/1"
"""Which form the JSON has. It changes where a reader would have to change."""
CONTROLS: Final = ("control:", "leak:", "without:")
"""How the names of positive controls begin: done in the open, by a build that leaks, without a protection."""
NOT_SEARCHED: Final = "NOT SEARCHED"
"""What the detail of a check begins with where its place could not be searched."""


CAME_TO_ITS_END: Final = "the audit came to its end"
"""The check that fails where it did not; what was found until then stands in the report."""


class View(StrEnum):
    """How the audit could look into memory."""

    AUDIT_VIEW = "audit view"
    ROOT = "root"
    NONE = "none"


class AuditMode(StrEnum):
    """What was audited.

    A server of our own, a running one on this machine, one over the network, those of a laboratory, or the audit
    itself: by copies of the program that leak, or that lack a protection.
    """

    OWN = "own"
    RUNNING = "running"
    LIVE = "live"
    LAB = "lab"
    LEAKS = "leaks"
    MUTATIONS = "mutations"


@dataclass(frozen=True, slots=True)
class Check:
    """One statement about the server, proved or not.

    proves: numbers of the retention checks that it stands for, for example `C16`
    """

    name: str
    is_passed: bool
    detail: str
    proves: tuple[str, ...] = ()

    @property
    def is_control(self) -> bool:
        """Whether it is a positive control: something that had to be found, else the search proves nothing."""
        return self.name.startswith(CONTROLS)

    @property
    def is_unsearched(self) -> bool:
        """Whether nothing was searched, so that nothing is shown, although nothing failed."""
        return self.is_passed and self.detail.startswith(NOT_SEARCHED)


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step of the audit, in seconds since it began."""

    name: str
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class PlantedPlace:
    """How many marks of a kind were planted in one place, for example a header of a product in one mode."""

    product: str
    mode: str
    place: str
    count: int


@dataclass(frozen=True, slots=True)
class Searched:
    """One place that was searched.

    place:       in words of ours, for example `memory after round 1: gateway`
    kind:        `memory`, `files`, `free blocks`, `attributes`, `names`, `output`, `network` ...
    item_count:  regions, files, rows or packets
    zero_copies: copies of what must be nowhere
    kept_copies: copies of what may be there
    """

    place: str
    kind: str
    item_count: int
    byte_count: int
    zero_copies: int
    kept_copies: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """What was read of one process in one scan, and what was found."""

    scan: str
    role: str
    pid: int
    region_count: int
    readable_bytes: int
    read_bytes: int
    zero_copies: int
    kept_copies: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Copies of one canary in one place."""

    where: str
    kind: str
    canary: str
    count: int


@dataclass(slots=True)
class AuditReport:
    """Everything that an audit can say.

    seal:     a vault's signature over all the rest; empty where there is none
    unsealed: why there is none; empty where there is one
    """

    mode: AuditMode = AuditMode.OWN
    began_unix_s: int = 0
    build_hash: str = ""
    view: View = View.NONE
    checks: list[Check] = field(default_factory=list)
    processes: list[ProcessFigures] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    planted: list[PlantedPlace] = field(default_factory=list)
    searched: list[Searched] = field(default_factory=list)
    steps: list[TimedStep] = field(default_factory=list)
    request_count: int = 0
    needle_count: int = 0
    duration_s: float = 0.0
    seal: dict[str, Any] = field(default_factory=dict)
    unsealed: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether every check passed; an audit without checks has shown nothing."""
        return bool(self.checks) and all(check.is_passed for check in self.checks)

    def check(self, name: str, is_passed: bool, detail: str, *proves: str) -> None:
        """Note one check, and the numbers of the retention checks that it stands for."""
        self.checks.append(Check(name, is_passed, detail, proves))

    def add_memory(self, name: str, scan: MemoryScan, kept: frozenset[str]) -> None:
        """Note the figures of a memory scan.

        kept: names of the canaries that are kept, whose copies in memory break no promise
        """
        self.needle_count = max(self.needle_count, scan.needle_count)
        for process in scan.processes:
            hits = [hit for hit in scan.hits if hit.pid == process.process.pid]
            kept_copies = sum(hit.owner in kept for hit in hits)
            self.processes.append(
                ProcessFigures(
                    name, process.process.role, process.process.pid, process.region_count,
                    process.readable_bytes, process.read_bytes, len(hits) - kept_copies, kept_copies,
                )
            )  # fmt: skip
        self.add_findings((f"{name}: {hit.role} {hit.pid} {hit.region}", hit.kind, hit.owner) for hit in scan.hits)

    def add_findings(self, hits: Iterable[tuple[str, str, str]]) -> None:
        """Note copies, counted by place, form and canary."""
        for (where, kind, canary), count in Counter(hits).items():
            self.findings.append(Finding(where, kind, canary, count))

    def as_json(self) -> str:
        """Return the whole report as JSON."""
        members = {"schema": SCHEMA, "is_passed": self.is_passed, **asdict(self)}
        for name in ("seal", "unsealed"):
            if not members[name]:
                del members[name]
        return json.dumps(members, indent=2, ensure_ascii=True)
