"""One audit, from the start of a server to the verdict: which server, and which parts in which order."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from echoless.audit.canary import CanaryMint
from echoless.audit.client import BROKEN_OFF, ending_of
from echoless.audit.controls import control_servers
from echoless.audit.looking import is_in_memory
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.catalogue import ROUNDS, Part, parts_of
from echoless.audit.reports.report import CAME_TO_ITS_END, AuditMode, AuditReport
from echoless.audit.reports.timeline import Timeline
from echoless.audit.reports.writing import seal_report
from echoless.audit.rounds import Rounds
from echoless.audit.seals import OVER_THE_NETWORK, PART_OF_ANOTHER
from echoless.audit.search.free_blocks import place_of_own
from echoless.audit.welcome import expect_welcome
from echoless.core.build import build_hash
from echoless.core.server_process import ServerProcess, running_supervisor


def run_audit(options: AuditOptions) -> AuditReport:
    """Audit a server.

    returns: a report; it passed only when zero-retention canaries were nowhere, kept ones were found where they
             belong, and every control was caught
    raises:  EcholessError when the server cannot be started or reached, or a part is not one
    """
    began_s = time.monotonic()
    timeline = Timeline(options.progress)
    options = replace(options, progress=timeline.step)
    report = AuditReport(began_unix_s=int(time.time()), build_hash=build_hash())
    report.mode = _mode_of(options)
    parts = parts_of(options)
    with _target(options) as (server, outputs):
        is_whole = _is_audited(_scene(options, server, outputs, report), parts)
        if is_whole and options.has_controls and options.server is None and not options.is_quick:
            control_servers(options, report)
        report.steps = timeline.steps()
        report.duration_s = time.monotonic() - began_s
        # Last of all: what is sealed cannot be added to. Also one that was broken off shall not be dropped unseen.
        _seal(options, server, report)
    return report


def _seal(options: AuditOptions, server: RunningServer, report: AuditReport) -> None:
    """Have the audited vault seal a report, or say in it why it cannot."""
    if not options.is_sealed:
        report.unsealed = PART_OF_ANOTHER
    elif server.is_remote:
        report.unsealed = OVER_THE_NETWORK
    else:
        seal_report(report, lambda record: options.ask_operator(server.data_directory, record))


@contextlib.contextmanager
def _target(options: AuditOptions) -> Iterator[tuple[RunningServer, Sequence[Path]]]:
    """Yield the server to audit and the files that its output went to."""
    if options.server is not None:
        if options.is_live:
            expect_welcome(options.server)
        yield options.server, ()
        return
    # On a file system of its own, where one can be made, deleted files are searched for too.
    with (
        tempfile.TemporaryDirectory(prefix="echoless-audit-") as place,
        place_of_own(Path(place)) as (own_place, _),
    ):
        output = Path(place) / "output"
        options.progress("starting a server", 0.0)
        flags = ("--audit-view", *options.flags)
        token, token_path = secrets.token_hex(24), Path(place) / "metrics-token"
        token_path.write_text(token, encoding="ascii")
        with ServerProcess.start(
            own_place / "data", output, flags, {"ECHOLESS_METRICS_TOKEN_FILE": str(token_path)}, options.interpreter
        ) as own:
            options.progress("starting a server", 1.0)
            server = RunningServer(
                own.url, own.data_directory, own.api_key, own.process.pid, is_in_use=False, metrics_token=token
            )
            yield server, (output,)


def _mode_of(options: AuditOptions) -> AuditMode:
    if options.server is None:
        return AuditMode.OWN
    return AuditMode.LIVE if options.is_live else AuditMode.RUNNING


def _scene(options: AuditOptions, server: RunningServer, outputs: Sequence[Path], report: AuditReport) -> Scene:
    known = server
    if not server.is_remote:
        pid = server.supervisor_pid or running_supervisor(server.data_directory)
        known = replace(server, supervisor_pid=pid)
    scene = Scene(options, known, CanaryMint(), report, outputs, began_unix_s=time.time() - 1.0)
    # Few plantings have no short word, and none can be there by chance.
    is_short = options.is_quick or options.is_live
    mint = CanaryMint() if is_short else CanaryMint(is_taken=lambda word: is_in_memory(scene, word))
    return replace(scene, mint=mint)


def _is_audited(scene: Scene, parts: Sequence[Part]) -> bool:
    """Audit; a server that breaks off what the audit was about, or answers what nobody can read, has failed.

    returns: whether the audit came to its end
    """
    try:
        _audit(scene, parts)
    except BROKEN_OFF as error:
        ending = ending_of(error)
    else:
        return True
    scene.report.check(CAME_TO_ITS_END, False, f"ended by {ending}")
    return False


def _audit(scene: Scene, parts: Sequence[Part]) -> None:
    """Run the watches around everything else, the rounds first, and the search of files last."""
    rounds = Rounds(scene) if any(part.name == ROUNDS for part in parts) else None
    with contextlib.ExitStack() as watches:
        for part in parts:
            if part.watch is not None:
                watches.enter_context(part.watch(scene))
        if rounds is not None:
            watches.callback(rounds.clear)
            rounds.run()
        for part in parts:
            if part.check is not None:
                scene.options.progress(part.name, 0.0)
                # Each part is given what all before it have planted.
                part.check(rounds.scene() if rounds is not None else scene)
                scene.options.progress(part.name, 1.0)
        if rounds is not None:
            rounds.look_into_files()
