"""One audit, from the first look at memory to the verdict.

The order matters: every canary is searched for before it is planted; each round ends with a search of all memory
while the client's connection is still open; the second round repeats the first, so that its audio is known to
have been absent before; between them a request is held open, whose content must be found, or the search itself is
broken.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.continuity import check_continuity
from echoless.audit.controls import control_in_flight, control_servers
from echoless.audit.groundwork import clear_groundwork, lay_groundwork
from echoless.audit.kept import check_kept
from echoless.audit.options import AuditOptions, RunningServer
from echoless.audit.planting import KEPT, Planting
from echoless.audit.plantings.catalogue import all_plantings
from echoless.audit.reports.report import AuditReport, View
from echoless.audit.search.disk_scan import (
    fingerprint_shared_places,
    scan_directory,
    scan_files,
    scan_shared_places,
)
from echoless.audit.search.memory_scan import MemoryScan, scan_memory
from echoless.audit.search.needles import (
    Needle,
    audio_needles,
    base64_audio_needles,
    text_needles,
    without_common,
    word_needles,
)
from echoless.audit.search.sound_needles import sound_needles
from echoless.audit.sending import Planted, Spoken, plant
from echoless.audit.soak import soak
from echoless.audit.transcripts import heard, said
from echoless.core.errors import EcholessError
from echoless.core.processes import ProcessIdentity, family_of
from echoless.core.server_process import ServerProcess, is_audit_view, running_supervisor


def run_audit(options: AuditOptions) -> AuditReport:
    """Audit a server.

    returns: a report; it passed only when zero-retention canaries were nowhere, kept ones were found where they
             belong, and every control was caught
    raises:  EcholessError when the server cannot be started or reached
    """
    began_s = time.monotonic()
    report = AuditReport()
    with _target(options) as (server, outputs):
        _Audit(options, server, outputs, report).run()
    if options.has_controls and options.server is None:
        control_servers(options, report)
    report.duration_s = time.monotonic() - began_s
    return report


@contextlib.contextmanager
def _target(options: AuditOptions) -> Iterator[tuple[RunningServer, Sequence[Path]]]:
    """Yield the server to audit and the files that its output went to."""
    if options.server is not None:
        yield options.server, ()
        return
    with tempfile.TemporaryDirectory(prefix="echoless-audit-") as place:
        output = Path(place) / "output"
        options.progress("starting a server", 0.0)
        flags = ("--audit-view", *options.flags)
        with ServerProcess.start(Path(place) / "data", output, flags, interpreter=options.interpreter) as own:
            options.progress("starting a server", 1.0)
            yield RunningServer(own.url, own.data_directory, own.api_key, own.process.pid), (output,)


@dataclass(slots=True)
class _Audit:
    options: AuditOptions
    server: RunningServer
    outputs: Sequence[Path]
    report: AuditReport

    def run(self) -> None:
        before = fingerprint_shared_places()
        began_unix_s = time.time() - 1.0
        mint = CanaryMint(is_taken=self._is_in_memory)
        with AuditClient(self.server.url, self.server.api_key) as client:
            groundwork = lay_groundwork(client, mint)
            plantings = all_plantings(mint, groundwork, only=self.options.only)
        sounds = groundwork.sounds.sounds
        recorded = [needle for sound in sounds if not sound.is_kept for needle in sound_needles(sound, sounds)]
        recorded += text_needles(said(sound) for sound in sounds)
        texts = text_needles(mint.canaries) + recorded
        kept = frozenset(canary.name for canary in mint.where(is_kept=True))
        kept |= {said(sound).name for sound in sounds if sound.is_kept}
        supervisor = self._supervisor()
        family = family_of(supervisor)
        self.report.view = self._view(family, texts)
        self._memory("memory before", texts, kept)
        with AuditClient(self.server.url, self.server.api_key) as client:
            first = self._round(client, plantings, texts, kept, number=1)
            if self.report.view is not View.NONE:
                held = mint.plain("held open", 20_000, is_kept=False)
                control_in_flight(client, family_of(supervisor), held, self.report)
                texts = text_needles(mint.canaries) + recorded
            # The other way round: what was last in one round, and might be held until the next, is first now.
            second = self._round(client, plantings[::-1], texts, kept, number=2)
            if self.options.soak_count:
                self._soak(family_of(supervisor), mint)
                self._memory("memory after the soak", text_needles(mint.canaries), kept)
            check_continuity(family, family_of(supervisor), self.outputs, self.report)
            clear_groundwork(client, groundwork)
            check_kept(
                client,
                self.server,
                self.options.ask_operator,
                mint=mint,
                rounds=(first, second),
                report=self.report,
            )
        of_kept = [needle for sound in sounds if sound.is_kept for needle in sound_needles(sound, sounds)]
        self._disk(texts + of_kept + _made(first.spoken), before, began_unix_s)

    def _round(
        self, client: AuditClient, plantings: Sequence[Planting], texts: Sequence[Needle], kept: frozenset[str],
        *, number: int,
    ) -> Planted:  # fmt: skip
        """Plant everything, wait as long as scrubbing may take, and search with the connection still open."""
        name = f"round {number}"
        progress = self.options.progress
        planted = plant(client, plantings, lambda fraction: progress(f"{name}: planting", fraction))
        self.report.request_count += planted.request_count
        self.report.check(
            f"{name}: planted as intended", not planted.unexpected,
            "; ".join(planted.unexpected) or f"{planted.request_count} requests, {len(planted.spoken)} spoken",
        )  # fmt: skip
        time.sleep(self.options.scrub_deadline_s)
        made = [needle for needle in _made(planted.spoken) if not needle.owner.startswith(KEPT)]
        self._memory(f"memory after {name}", [*texts, *made], kept)
        planted.close_sockets()
        return planted

    def _soak(self, family: Sequence[ProcessIdentity], mint: CanaryMint) -> None:
        count, server, progress = self.options.soak_count, self.server, self.options.progress
        result = soak(
            server.url, server.api_key, family, mint,
            request_count=count, progress=lambda fraction: progress(f"{count} requests", fraction),
        )  # fmt: skip
        process, growth_mib = max(result.growth_mib.items(), key=lambda item: item[1])
        detail = f"{process} grew most, by {growth_mib:.2f} MiB over {count} requests"
        self.report.check("memory is flat", result.is_flat, detail)
        self.report.request_count += count
        time.sleep(self.options.scrub_deadline_s)

    def _view(self, family: Sequence[ProcessIdentity], texts: Sequence[Needle]) -> View:
        try:
            scan_memory(family[:1], texts[:1])
            scan_memory(family[-1:], texts[:1])
        except EcholessError:
            return View.NONE
        return View.AUDIT_VIEW if is_audit_view(self.server.data_directory) else View.ROOT

    def _supervisor(self) -> int:
        return self.server.supervisor_pid or running_supervisor(self.server.data_directory)

    def _memory(self, name: str, needles: Sequence[Needle], kept: frozenset[str]) -> None:
        """Search all memory and note that nothing but kept canaries was found."""
        family = family_of(self._supervisor())
        if self.report.view is View.NONE:
            self.report.check(name, False, "the memory of the server cannot be read: needs --audit-view or root")
            return
        scan = scan_memory(family, needles, lambda fraction: self.options.progress(name, fraction))
        self.report.add_memory(name, scan, kept)
        leaked = scan.owners() - kept
        self.report.check(name, not leaked and scan.is_complete, describe(scan, leaked))

    def _is_in_memory(self, word: str) -> bool:
        """Return whether a word this short is there by chance already, for example in a model's numbers."""
        try:
            return bool(scan_memory(family_of(self._supervisor()), word_needles(word, "a word to be")).hits)
        except EcholessError:
            return False

    def _disk(self, needles: Sequence[Needle], before: Mapping[Path, bytes], began_unix_s: float) -> None:
        """Search files: what is kept is encrypted, so no canary at all may be found in plain form."""
        self.options.progress("files", 0.0)
        scans = {
            "data directory": scan_directory(self.server.data_directory, needles),
            "captured output": scan_files(self.outputs, needles) if self.outputs else None,
            "temporary places": scan_shared_places(
                needles, before=before, changed_since_unix_s=began_unix_s,
                excluded=(self.server.data_directory, *(output.parent for output in self.outputs)),
            ),
        }  # fmt: skip
        for name, scan in scans.items():
            if scan is None:
                continue
            self.report.add_findings((f"{name}: {hit.path}", hit.kind, hit.owner) for hit in scan.hits)
            skipped = f", {len(scan.skipped)} not readable or over the bound" if scan.skipped else ""
            self.report.check(
                name, not scan.hits,
                f"{len(scan.owners())} canaries in {scan.file_count} files, {scan.read_bytes} bytes{skipped}",
            )  # fmt: skip
        self.options.progress("files", 1.0)


def _made(spoken: Sequence[Spoken]) -> list[Needle]:
    """Return needles for what the server made: audio as it was sent, also in base64, and transcripts."""
    transcribed = [(item.planting.sound, item.transcript) for item in spoken if item.transcript]
    needles = text_needles(heard(sound, transcript) for sound, transcript in transcribed if sound is not None)
    for item in spoken:
        planting = item.planting
        name, output_format = f"{planting.name}/audio", planting.output_format
        others = [o.audio for o in spoken if o is not item and o.planting.output_format == output_format]
        needles += without_common(audio_needles(item.audio, name, output_format), others)
        if planting.audio_of is not bytes:
            needles += base64_audio_needles(item.audio, name, output_format, others)
    return needles


def describe(scan: MemoryScan, leaked: set[str]) -> str:
    """Say in a line what a scan read and found."""
    lowest = min((process.coverage for process in scan.processes), default=0.0)
    regions = sum(process.region_count for process in scan.processes)
    return (
        f"{len(leaked)} canaries that must be nowhere; {scan.read_bytes / 2**20:.0f} MiB in {regions} regions of "
        f"{len(scan.processes)} processes, at least {100 * lowest:.1f} % of each"
    )
