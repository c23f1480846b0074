"""A server of the laboratory: started to be killed, starved, spoiled and restored, and searched after each.

Nothing here may be done to a server that somebody uses: it lives in a temporary folder and on a free port of the
loopback address, and goes with the audit.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import Answer, AuditClient
from echoless.audit.groundwork import samples_of
from echoless.audit.options import AuditOptions, RunningServer
from echoless.audit.reports.report import AuditReport, Searched, View
from echoless.audit.reports.sealing import Ask
from echoless.audit.search.disk_scan import DiskScan, scan_directory, scan_files
from echoless.audit.search.free_blocks import place_of_own
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import Needle, word_needles
from echoless.audit.search.sound_needles import sound_needles
from echoless.audit.sounds import RAW, Samples, SoundMint
from echoless.core.errors import EcholessError
from echoless.core.processes import ProcessIdentity, family_of
from echoless.core.server_process import ServerProcess
from echoless.crossing.records import Record

WELL_WITHIN_S: Final = 60.0
_LOOK_S: Final = 0.05
_COMMAND_WITHIN_S: Final = 120.0
_HEALTH_CHECKS: Final = 4
_SMALL: Final = ("--engines", "1", "--gateways", "1")
_SMALL_SETTINGS: Final = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_QUEUE_DEADLINE_S": "60"}
_KEY_VARIABLE: Final = "ECHOLESS_API_KEY"
_SOUND_KINDS: Final = (RAW, "wav", "mp3", "m4a")
_WORDS_OF_A_PART: Final = 8
_OF_EACH_FORM: Final = 3
_REFERENCE: Final = "reference"
_CAN_TRACE: Final = 19  # CAP_SYS_PTRACE, capabilities(7)


@dataclass(slots=True)
class Held:
    """What is held open in the middle.

    needles: must be found in the process that holds it
    kept:    names of those that may be kept
    answers: what clients were told in the end; a broken connection is told by nobody
    """

    needles: list[Needle] = field(repr=False)
    kept: frozenset[str] = frozenset()
    answers: list[Answer] = field(default_factory=list)


@dataclass(slots=True)
class Lab:
    """What the parts of a laboratory share.

    place:   a folder of its own, gone afterwards
    needles: everything that was planted so far, to be searched for in shared places at the end
    servers: those that were there, each stopped by now; the last may still run
    """

    options: AuditOptions
    report: AuditReport
    place: Path
    mint: CanaryMint = field(default_factory=CanaryMint, repr=False)
    needles: list[Needle] = field(default_factory=list, repr=False)
    servers: list[LabServer] = field(default_factory=list, repr=False)

    @contextlib.contextmanager
    def server(
        self,
        name: str,
        flags: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
        *,
        disk_bytes: int = 0,
    ) -> Iterator[LabServer]:
        """Start a small server in a folder of this name, and stop it afterwards, however it is by then.

        settings:   `ECHOLESS_*` variables, and any others that are to surround it
        disk_bytes: its data lies on a file system of its own of this size, where one can be made; 0 for none
        """
        self.options.progress(f"{name}: starting a server", 0.0)
        folder = self.place / name.replace(" ", "-")
        folder.mkdir(mode=0o700)
        view = () if may_read_any_memory() else ("--audit-view",)
        served = LabServer(
            self,
            name,
            folder,
            (*_SMALL, *view, *self.options.flags, *flags),
            {**_SMALL_SETTINGS, **(settings or {})},
        )
        with contextlib.ExitStack() as disks:
            if disk_bytes:
                served.disk, served.why_no_disk = disks.enter_context(place_of_own(folder, disk_bytes))
            served.start()
            self.servers.append(served)
            self.options.progress(f"{name}: starting a server", 1.0)
            try:
                yield served
            finally:
                served.stop()
                self.needles += _a_few_of_each(served.needles)

    def sealing_vault(self) -> contextlib.AbstractContextManager[Ask] | None:
        """Return the vault that may seal what is said of this laboratory: of the last server that was restored.

        returns: that of the last one where none was; None where there was none whose data is still there
        """
        restored = [server for server in self.servers if server.is_restored]
        last = (restored or [server for server in self.servers if server.own_disk is None])[-1:]
        return last[0].vault_again() if last else None


@dataclass(slots=True)
class LabServer:
    """One data directory, one server at a time.

    kept:    names of canaries that may be kept, so they may be in memory
    needles: of all that was planted here and must be on no disk in the clear, kept or not
    is_restored: whether its data comes from a backup
    disk:    where its data lies, where that was to be a file system of its own; None for in its folder
    why_no_disk: why it is an ordinary directory then; empty where it is not
    """

    lab: Lab
    name: str
    folder: Path
    flags: tuple[str, ...]
    settings: dict[str, str] = field(repr=False)
    outputs: list[Path] = field(default_factory=list)
    needles: list[Needle] = field(default_factory=list, repr=False)
    kept: set[str] = field(default_factory=set)
    is_restored: bool = False
    disk: Path | None = None
    why_no_disk: str = ""
    _process: ServerProcess | None = None
    _roles: Counter[str] = field(default_factory=Counter)
    _last_family: tuple[ProcessIdentity, ...] = ()

    # --- its life ---

    def start(self) -> None:
        """Start it, on the data that is there.

        raises: EcholessError when it does not serve
        """
        output = self.folder / f"output-{len(self.outputs)}"
        started = ServerProcess.start(
            self.data_directory, output, self.flags, self.settings, self.lab.options.interpreter
        )
        self.outputs.append(output)
        self.settings[_KEY_VARIABLE] = started.api_key
        self._process = started
        self._roles = Counter(member.role for member in self.family())

    def stop(self) -> None:
        """Stop it in order, if it still runs."""
        if self._process is not None:
            self._process.stop()

    @property
    def data_directory(self) -> Path:
        """Where its data is."""
        return (self.disk or self.folder) / "data"

    @property
    def own_disk(self) -> Path | None:
        """A file system that nobody else uses; it goes with the server."""
        return None if self.why_no_disk else self.disk

    @property
    def running(self) -> ServerProcess:
        """The process that serves."""
        assert self._process is not None, "a server is asked for what it is after it was started"
        return self._process

    @property
    def as_running(self) -> RunningServer:
        """How the parts of any audit know a server."""
        running = self.running
        return RunningServer(running.url, self.data_directory, running.api_key, running.process.pid)

    def client(self) -> AuditClient:
        """Return a connection of its own."""
        return AuditClient(self.running.url, self.running.api_key)

    def ask(self, question: Record) -> Record:
        """Put an operator's question to its vault."""
        return self.lab.options.ask_operator(self.data_directory, question)

    @contextlib.contextmanager
    def vault_again(self) -> Iterator[Ask]:
        """Start it once more after everything, and yield the way to its vault.

        raises: EcholessError when it does not serve
        """
        self.start()
        try:
            yield self.ask
        finally:
            self.stop()

    def family(self) -> tuple[ProcessIdentity, ...]:
        """Return its processes."""
        self._last_family = family_of(self.running.process.pid)
        return self._last_family

    def members(self, role: str) -> tuple[ProcessIdentity, ...]:
        """Return its processes of a role."""
        return tuple(member for member in self.family() if member.role == role)

    def await_end(self) -> bool:
        """Wait until the supervisor has ended, and everything with it.

        returns: False when a process outlives it
        """
        family = self._last_family
        self.running.process.wait(WELL_WITHIN_S)
        return until(lambda: not any(_is_there(member) for member in family), WELL_WITHIN_S)

    def await_well(self) -> bool:
        """Wait until every process is there and serves.

        returns: False when that does not come to pass
        """
        return until(self._is_well, WELL_WITHIN_S)

    def _is_well(self) -> bool:
        try:
            if Counter(member.role for member in self.family()) != self._roles:
                return False
            return all(self._is_ready() for _ in range(_HEALTH_CHECKS))
        except (OSError, http.client.HTTPException, EcholessError):
            return False

    def _is_ready(self) -> bool:
        with self.client() as client:
            return client.request("GET", "/ready").status == 200

    def command(self, *words: str) -> int:
        """Run `echoless WORDS` as an operator does, in the server's surroundings; what it says counts as output.

        returns: its exit status
        """
        python = str(self.lab.options.interpreter or sys.executable)
        done = subprocess.run(  # noqa: S603  # the interpreter and the commands of the server under audit
            [python, "-P", "-m", "echoless", *words], env={**os.environ, **self.settings}, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_WITHIN_S,
        )  # fmt: skip
        said = self.folder / f"output-{len(self.outputs)}"
        said.write_bytes(done.stdout + done.stderr)
        self.outputs.append(said)
        return done.returncode

    # --- what is planted in it ---

    def make_sounds(self) -> SoundMint:
        """Return what makes recordings of this server's own voice, whatever ended meanwhile."""
        sounds = SoundMint(self._say)
        for kind in _SOUND_KINDS:
            # Never sent: what another recording of its kind shares with it is the container's, and tells nothing.
            sounds.sound(f"{_REFERENCE} {kind}", kind, is_kept=False)
        return sounds

    def _say(self, text: str) -> Samples:
        with self.client() as client:
            return samples_of(client, text)

    def watch_new(self, mint: SoundMint | None = None) -> None:
        """Search from now on for every canary and recording that was made until now."""
        canaries = self.lab.mint.canaries
        self.needles[:] = [
            needle for canary in canaries for word in _telling(canary) for needle in word_needles(word, canary.name)
        ]
        self.kept |= {canary.name for canary in canaries if canary.is_kept}
        sounds = mint.sounds if mint is not None else []
        for sound in (sound for sound in sounds if not sound.name.startswith(_REFERENCE)):
            self.needles += sound_needles(sound, sounds)
            self.kept |= {f"{sound.name}/sound"} if sound.is_kept else set()

    def watch(self, held: Held) -> None:
        """Search from now on for what is held open, alone."""
        self.needles[:] = held.needles
        self.kept |= held.kept

    # --- searching it ---

    def search(self, title: str, *proves: str) -> None:
        """Wait as long as scrubbing may take, then note that nothing is where it must not be."""
        time.sleep(self.lab.options.scrub_deadline_s)
        self.search_memory(f"{title}: memory", *proves)
        self.search_files(title, *proves)

    def search_memory(self, title: str, *proves: str, among: Sequence[ProcessIdentity] | None = None) -> None:
        """Note that in no process is a copy of what must be nowhere.

        among: some of its processes; all unless told
        """
        family = self.family() if among is None else among
        report, began_s = self.lab.report, time.monotonic()
        try:
            scan = scan_memory(family, self.needles, lambda part: self.lab.options.progress(title, part))
        except EcholessError as error:
            report.check(title, False, f"memory cannot be read: {error.public_description}", *proves)
            return
        if report.view is View.NONE:
            report.view = View.AUDIT_VIEW if "--audit-view" in self.flags else View.ROOT
        kept = frozenset(self.kept)
        report.add_memory(title, scan, kept)
        leaked = sorted(scan.owners() - kept)
        of_zero = sum(hit.owner not in kept for hit in scan.hits)
        regions = sum(process.region_count for process in scan.processes)
        report.searched.append(
            Searched(title, "memory", regions, scan.read_bytes, of_zero, len(scan.hits) - of_zero,
                     time.monotonic() - began_s)
        )  # fmt: skip
        report.check(
            title, not leaked and scan.is_complete,
            f"{scan.read_bytes / 2**20:.0f} MiB of {len(scan.processes)} processes for {len(self.needles)} needles"
            + named(leaked), *proves,
        )  # fmt: skip

    def search_files(self, title: str, *proves: str) -> None:
        """Note that nothing, kept or not, is in the clear in its data, its backups or its output."""
        for path in sorted(self.folder.iterdir()):
            if path.is_dir():
                self.note_files(f"{title}: {path.name}", scan_directory(path, self.needles), *proves)
        self.note_files(f"{title}: output", scan_files(self.outputs, self.needles), *proves)

    def note_files(self, title: str, scan: DiskScan, *proves: str) -> None:
        """Note a search of files; that nothing was to be read is no proof."""
        report = self.lab.report
        report.searched.append(Searched(title, "files", scan.file_count, scan.read_bytes, len(scan.hits), 0, 0.0))
        report.add_findings((f"{title}: {hit.path}", hit.kind, hit.owner) for hit in scan.hits)
        report.check(
            title, not scan.hits and not scan.skipped and scan.file_count > 0,
            f"{scan.file_count} files, {scan.read_bytes} bytes, {len(scan.skipped)} not readable"
            + named(sorted(scan.owners())), *proves,
        )  # fmt: skip


def _telling(canary: Canary) -> tuple[str, ...]:
    """Return words from both ends and the middle of a canary: a copy of a long text holds all of them."""
    words, count = canary.words, _WORDS_OF_A_PART
    middle = max(count, len(words) // 2)
    return tuple(dict.fromkeys((*words[:count], *words[middle : middle + count], *words[-count:])))


def _a_few_of_each(needles: Sequence[Needle]) -> list[Needle]:
    """Return a few needles of each owner in each form: enough to find a file that holds a copy."""
    counts: Counter[tuple[str, str]] = Counter()
    chosen = []
    for needle in needles:
        counts[needle.owner, needle.kind] += 1
        if counts[needle.owner, needle.kind] <= _OF_EACH_FORM:
            chosen.append(needle)
    return chosen


def named(owners: Sequence[str]) -> str:
    """Say whose copies were found, by name; nothing where none were."""
    return f"; found: {', '.join(owners[:5])}{' ...' if len(owners) > 5 else ''}" if owners else ""


def until(condition: Callable[[], bool], within_s: float) -> bool:
    """Wait for a condition.

    returns: False when it does not come in time
    """
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_LOOK_S)
    return True


def may_read_any_memory() -> bool:
    """Whether this user may look into processes that do not want it: then no audit view is needed."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    effective = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return bool(int(effective, 16) >> _CAN_TRACE & 1)


@contextlib.contextmanager
def lab_of(options: AuditOptions, report: AuditReport) -> Iterator[Lab]:
    """Yield a laboratory in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="echoless-lab-") as place:
        yield Lab(options, report, Path(place))


def _is_there(process: ProcessIdentity) -> bool:
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    rest = fields.rpartition(")")[2].split()
    return rest[0] != "Z" and int(rest[19]) == process.start_ticks
