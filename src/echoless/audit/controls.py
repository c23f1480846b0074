"""Positive controls: situations in which copies must be found. An audit that finds nothing there is broken."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.options import AuditOptions
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH, speech_plantings
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import text_needles
from echoless.audit.sending import plant
from echoless.core.processes import ProcessIdentity
from echoless.core.server_process import ServerProcess

_FIRST_BYTES: Final = 1_024
_WEAKENED: Final = {
    "allocator profile off": "--no-allocator-profile",
    "flush off": "--no-scrubbing",
}


def control_in_flight(
    client: AuditClient, family: Sequence[ProcessIdentity], held: Canary, report: AuditReport
) -> None:
    """Hold a response open and look: the text of a request that is being served is in memory."""
    path = f"{SPEECH}/stream?enable_logging=false&output_format=pcm_22050"
    stream = client.open_stream(path, {"text": held.text, "model_id": MODEL})
    try:
        stream.read(_FIRST_BYTES)
        scan = scan_memory(family, text_needles([held]))
    finally:
        stream.close()
    roles = sorted({hit.role for hit in scan.hits})
    report.check(
        "control: a request in flight is found", bool(scan.hits),
        f"{len(scan.hits)} copies of words in {', '.join(roles) or 'no process'}", "C34",
    )  # fmt: skip


def control_servers(options: AuditOptions, report: AuditReport) -> None:
    """Start servers with one part of the scrubbing switched off: each must be caught."""
    for name, flag in _WEAKENED.items():
        options.progress(f"control: {name}", 0.0)
        with tempfile.TemporaryDirectory(prefix="echoless-audit-") as place:
            flags = ("--audit-view", "--assurance", "best_effort", flag, *options.flags)
            with ServerProcess.start(Path(place) / "data", Path(place) / "output", flags) as server:
                count = _copies_left(server, options.scrub_deadline_s)
        report.check(f"control: {name} is found", count > 0, f"{count} copies of words", "C34")
        options.progress(f"control: {name}", 1.0)


def _copies_left(server: ServerProcess, scrub_deadline_s: float) -> int:
    mint = CanaryMint()
    spoken = [planting for planting in speech_plantings(mint, kept_too=False) if planting.text is not None]
    with AuditClient(server.url, server.api_key) as client:
        plant(client, spoken)
        time.sleep(scrub_deadline_s)
        return len(scan_memory(server.family(), text_needles(mint.canaries)).hits)
