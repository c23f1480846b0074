"""The laboratory: an audit that starts servers of its own, which it may kill, starve, spoil and restore.

Each part looks at one side; all of them run unless some are named. What is planted in any of them is searched for
once more at the end, in the places that all programs of a host share.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from echoless.audit.client import BROKEN_OFF, ending_of
from echoless.audit.lab_server import Lab, lab_of, named
from echoless.audit.options import AuditOptions
from echoless.audit.parts.crashes import check_crashes
from echoless.audit.parts.failures import check_failures
from echoless.audit.parts.forgetting import check_forgetting
from echoless.audit.parts.outbound import check_outbound
from echoless.audit.parts.spoiling import check_spoiling
from echoless.audit.parts.surroundings import check_surroundings
from echoless.audit.reports.report import AuditMode, AuditReport
from echoless.audit.reports.timeline import Timeline
from echoless.audit.seals import seal_by, vault_of_own
from echoless.audit.search.disk_scan import fingerprint_shared_places, scan_shared_places
from echoless.core.build import build_hash
from echoless.core.errors import EcholessError, ErrorCode

LAB_PARTS: Final[Mapping[str, Callable[[Lab], None]]] = {
    "crashes": check_crashes,
    "outbound": check_outbound,
    "surroundings": check_surroundings,
    "failures": check_failures,
    "forgetting": check_forgetting,
    "spoiling": check_spoiling,
}


def run_lab(options: AuditOptions) -> AuditReport:
    """Audit in a laboratory.

    options: its parts are members of LAB_PARTS; its server is not touched, since a laboratory has its own
    returns: a report that passed only when every part did
    raises:  EcholessError(INVALID_PARAMETERS) for a part that there is not
    """
    if not set(options.parts) <= set(LAB_PARTS):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"a laboratory has: {', '.join(LAB_PARTS)}", param="part")
    began_s, began_unix_s = time.monotonic(), time.time() - 1.0
    report = AuditReport(mode=AuditMode.LAB, began_unix_s=int(began_unix_s), build_hash=build_hash())
    before, timeline = fingerprint_shared_places(), Timeline(options.progress)
    options = replace(options, progress=timeline.step)
    with lab_of(options, report) as lab:
        for name in options.parts or LAB_PARTS:
            _run_part(lab, name)
        _check_shared_places(lab, before, began_unix_s)

        def finish() -> None:
            report.steps, report.duration_s = timeline.steps(), time.monotonic() - began_s

        seal_by(lab.sealing_vault() or vault_of_own(options), options, report, finish)
    return report


def _run_part(lab: Lab, name: str) -> None:
    """Run one part; one that cannot go on, since its server does not start or does not answer, has failed."""
    try:
        LAB_PARTS[name](lab)
    except EcholessError as error:
        reason = error.public_description
    except BROKEN_OFF as error:
        reason = ending_of(error)
    else:
        return
    lab.report.check(f"{name}: could not be run to its end", False, reason)


def _check_shared_places(lab: Lab, before: Mapping[Path, bytes], began_unix_s: float) -> None:
    """Search what all programs of a host share for everything that was planted; nothing planted shows nothing."""
    if not lab.needles:
        lab.report.check("temporary places", False, "nothing was planted", "C19")
        return
    scan = scan_shared_places(lab.needles, before=before, changed_since_unix_s=began_unix_s, excluded=(lab.place,))
    lab.report.add_findings((f"temporary places: {hit.path}", hit.kind, hit.owner) for hit in scan.hits)
    lab.report.check(
        "temporary places", not scan.hits,
        f"{scan.file_count} files that are new or changed, {len(scan.skipped)} not readable or over the bound"
        + named(sorted(scan.owners())), "C19",
    )  # fmt: skip
