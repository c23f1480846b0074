"""Which processes were there from beginning to end.

An engine may be replaced once it has grown: what it held went with it. A gateway or the vault that is gone was
not searched, and a process that failed is never as intended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from echoless.audit.reports.report import AuditReport
from echoless.core.processes import ProcessIdentity

_REPLACED_WHEN_GROWN: Final = frozenset({"engine", "media", "live"})


def check_continuity(
    before: Sequence[ProcessIdentity],
    after: Sequence[ProcessIdentity],
    outputs: Sequence[Path],
    report: AuditReport,
) -> None:
    """Note whether the processes that hold connections are the same, and that none has failed.

    outputs: what the server printed, its journal among it; nothing where somebody else started it
    """
    gone = set(before) - set(after)
    lost = sorted(process.role for process in gone if process.role not in _REPLACED_WHEN_GROWN)
    failed = sorted({name for output in outputs for name in _failed(output)})
    report.check(
        "the same processes throughout", not lost and not failed,
        f"{len(before)} processes, {len(after)} at the end, {len(gone)} of them replaced"
        + (f"; lost: {', '.join(lost)}" if lost else "")
        + (f"; failed: {', '.join(failed)}" if failed else ""),
    )  # fmt: skip


def _failed(output: Path) -> Iterator[str]:
    """Yield the names of processes that ended otherwise than well."""
    for line in output.read_text(encoding="utf-8", errors="replace").splitlines():
        if '"process_exited"' not in line:
            continue
        row = json.loads(line)
        if row["status"] != 0:
            yield row["name"]
