"""Searching one server's memory and files, and noting what was read and found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from echoless.audit.options import Scene
from echoless.audit.reports.report import AuditReport, Searched, View
from echoless.audit.search.disk_scan import (
    SHARED_PLACES,
    DiskScan,
    fingerprint_shared_places,
    scan_directory,
    scan_files,
    scan_shared_places,
)
from echoless.audit.search.memory_scan import MemoryScan, scan_memory
from echoless.audit.search.needles import Needle, word_needles
from echoless.core.errors import EcholessError
from echoless.core.server_process import is_audit_view


def view_of(scene: Scene, needles: Sequence[Needle]) -> View:
    """Return how memory can be looked at."""
    family = scene.family()
    try:
        scan_memory(family[:1], needles[:1])
        scan_memory(family[-1:], needles[:1])
    except EcholessError:
        return View.NONE
    return View.AUDIT_VIEW if is_audit_view(scene.server.data_directory) else View.ROOT


def is_in_memory(scene: Scene, word: str) -> bool:
    """Return whether a word this short is there by chance already, for example in a model's numbers."""
    try:
        return bool(scan_memory(scene.family(), word_needles(word, "a word to be")).hits)
    except EcholessError:
        return False


def look_into_memory(scene: Scene, name: str, needles: Sequence[Needle], kept: frozenset[str]) -> None:
    """Search all memory and note that nothing but kept canaries was found."""
    report = scene.report
    if report.view is View.NONE:
        report.check(name, False, "the memory of the server cannot be read: needs --audit-view or root", "C32")
        return
    began_s = time.monotonic()
    scan = scan_memory(scene.family(), needles, lambda fraction: scene.options.progress(name, fraction))
    report.add_memory(name, scan, kept)
    _note_memory(report, name, scan, kept, time.monotonic() - began_s)
    leaked = scan.owners() - kept
    report.check(name, not leaked and scan.is_complete, describe(scan, leaked), "C32", "C33")


def describe(scan: MemoryScan, leaked: set[str]) -> str:
    """Say in a line what a scan read and found."""
    lowest = min((process.coverage for process in scan.processes), default=0.0)
    regions = sum(process.region_count for process in scan.processes)
    return (
        f"{len(leaked)} canaries that must be nowhere; {scan.read_bytes / 2**20:.0f} MiB in {regions} regions of "
        f"{len(scan.processes)} processes, at least {100 * lowest:.1f} % of each"
    )


def _note_memory(report: AuditReport, name: str, scan: MemoryScan, kept: frozenset[str], duration_s: float) -> None:
    """Note one row for each process; the time is shared out by what was read of each."""
    total = scan.read_bytes or 1
    for process in scan.processes:
        hits = [hit for hit in scan.hits if hit.pid == process.process.pid]
        kept_copies = sum(hit.owner in kept for hit in hits)
        report.searched.append(
            Searched(
                f"{name}: {process.process.role} {process.process.pid}", "memory", process.region_count,
                process.read_bytes, len(hits) - kept_copies, kept_copies, duration_s * process.read_bytes / total,
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a server, and those of everybody, as they were before anything was planted."""

    places: Sequence[Path]
    digests: Mapping[Path, bytes] = field(repr=False)

    @classmethod
    def before(cls, places: Sequence[Path] = SHARED_PLACES) -> Self:
        """Look at what lies there already."""
        return cls(places, fingerprint_shared_places(places))

    def look(self, scene: Scene) -> None:
        """Search files: what is kept is encrypted, so no canary at all may be found in plain form."""
        scene.options.progress("files", 0.0)
        data = scene.server.data_directory
        own = (data, *(output.parent for output in scene.outputs))
        needles = scene.needles
        _note_files(scene, "data directory", lambda: scan_directory(data, needles), "C16", "C21")
        if scene.outputs:
            _note_files(scene, "captured output", lambda: scan_files(scene.outputs, needles), "C24")
        _note_files(
            scene, "temporary places",
            lambda: scan_shared_places(
                needles, before=self.digests, changed_since_unix_s=scene.began_unix_s, excluded=own,
                places=self.places,
            ),
            "C16", "C18",
        )  # fmt: skip
        scene.options.progress("files", 1.0)


def _note_files(scene: Scene, name: str, search: Callable[[], DiskScan], *proves: str) -> None:
    began_s = time.monotonic()
    scan = search()
    report = scene.report
    report.add_findings((f"{name}: {hit.path}", hit.kind, hit.owner) for hit in scan.hits)
    report.searched.append(
        Searched(
            name, "output" if name == "captured output" else "files", scan.file_count, scan.read_bytes,
            len(scan.hits), 0, time.monotonic() - began_s,
        )
    )  # fmt: skip
    skipped = f", {len(scan.skipped)} not readable or over the bound" if scan.skipped else ""
    report.check(
        name, not scan.hits,
        f"{len(scan.owners())} canaries in {scan.file_count} files, {scan.read_bytes} bytes{skipped}", *proves,
    )  # fmt: skip
