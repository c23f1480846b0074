"""Part of an audit: the wall of each process as it is seen from outside, without asking the process.

Landlock and the allocator's profile cannot be seen so: they are the process's own word, in its journal and in
receipts; that the kernel then refuses is proved by the tests of the wall.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from echoless.audit.options import Scene
from echoless.audit.parts.journal import rows
from echoless.audit.parts.watching import VOLATILE
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.wall_facts import WallFacts, wall_facts
from echoless.core.processes import ProcessIdentity
from echoless.core.server_process import ServerProcess, is_audit_view

_BEHIND_A_FILTER: Final = VOLATILE | {"vault"}
_CONFINED: Final = "confined"


def check_wall(scene: Scene) -> None:
    """Look at the server's processes, and at those of a server without an audit view, which hides from its user."""
    is_view = is_audit_view(scene.server.data_directory)
    _note_facts(scene.report, "", wall_facts(scene.family()), is_view=is_view)
    if scene.outputs:
        _note_own_words(scene.report, scene.family(), scene.outputs)
    if is_view and scene.options.server is None and not scene.options.is_quick:
        _check_as_users_have_it(scene)


def _check_as_users_have_it(scene: Scene) -> None:
    with tempfile.TemporaryDirectory(prefix="echoless-audit-") as place:
        data, output = Path(place) / "data", Path(place) / "output"
        flags = (*scene.options.flags,)
        with ServerProcess.start(data, output, flags, interpreter=scene.options.interpreter) as server:
            _note_facts(scene.report, "without a view: ", wall_facts(server.family()), is_view=False)


def _note_facts(report: AuditReport, prefix: str, facts: Sequence[WallFacts], *, is_view: bool) -> None:
    """Note what each process lacks."""
    roles = {fact.process.role for fact in facts}
    behind = [fact for fact in facts if fact.process.role in _BEHIND_A_FILTER]
    volatile = [fact for fact in facts if fact.process.role in VOLATILE]
    lacking = {
        "filter": [fact for fact in behind if not fact.is_filtered],
        "core limit": [fact for fact in facts if not fact.has_core_limit],
        "limit on files": [fact for fact in volatile if not fact.has_size_limit],
        "memory kept from swap": [fact for fact in facts if fact.swap_kib],
    }
    seen = [f"{fact.process.role} has no {what}" for what, those in lacking.items() for fact in those]
    is_whole = {"gateway", "engine", "vault"} <= roles
    report.check(
        f"{prefix}the wall from outside", is_whole and not seen,
        _listed(seen) if seen else f"{len(facts)} processes: filter, no core, no files, nothing in swap",
        "C20", "C36", "C37",
    )  # fmt: skip
    if not is_view:
        open_ones = [f"{fact.process.role} can be read" for fact in facts if fact.is_readable]
        untried = [f"{fact.process.role} could not be tried" for fact in facts if fact.is_readable is None]
        report.check(
            f"{prefix}its user's other processes may not look inside", not open_ones and not untried,
            _listed([*open_ones, *untried]) or f"refused for {len(facts)} processes", "C36",
        )  # fmt: skip


def _note_own_words(report: AuditReport, family: Sequence[ProcessIdentity], outputs: Sequence[Path]) -> None:
    """Note whether each process of the volatile plane said at its start behind what it stands (C57)."""
    said = [row for output in outputs for row in rows(output) if row.get("event") == _CONFINED]
    known = {str(row.get("process", "")).partition("-")[0] for row in said}
    expected = {process.role for process in family if process.role in VOLATILE}
    bad = [str(row.get("process")) for row in said if not _is_whole(row)]
    silent = sorted(expected - known)
    abis = sorted({str(row.get("landlock_abi")) for row in said})
    report.check(
        "the wall in their own words", not bad and not silent,
        f"{len(said)} reports, Landlock ABI {', '.join(abis) or 'unknown'}"
        + (f"; not whole: {_listed(bad)}" if bad else "") + (f"; silent: {_listed(silent)}" if silent else ""),
        "C57",
    )  # fmt: skip


def _is_whole(row: dict[str, object]) -> bool:
    return row.get("has_seccomp") is True and row.get("missing_count") == 0


def _listed(words: Sequence[str]) -> str:
    shown = sorted(set(words))
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
