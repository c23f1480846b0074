"""Processes that end in the middle of a request: by a signal, by a fault, by a limit on memory.

What they held must go with them: no core, no file, nothing in the processes that go on or come after.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.audit.core_files import CorePlaces, core_limit_of, host_pattern, leaves_a_core, working_directory_of
from echoless.audit.in_flight import HOLDING
from echoless.audit.lab_server import Lab, LabServer, until
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.sounds import SoundMint
from echoless.core.errors import EcholessError
from echoless.core.processes import ProcessIdentity

PROVES: Final = ("C19", "C33", "C37")
ROLES: Final = ("engine", "media", "live", "gateway", "vault")
_IN_FLIGHT_WITHIN_S: Final = 20.0
_STARVED_BYTES: Final = 1024 * 1024
_STARVED_REQUESTS: Final = 3
_STARVED_TEXT_CHARACTERS: Final = 4_000
_DEAD_WITHIN_S: Final = 10.0
_STARVED_WITHIN_S: Final = 1.0
_SUPERVISOR: Final = "supervisor"


@dataclass(frozen=True, slots=True)
class Blow:
    """One way to end.

    is_limit: the process is not ended by it but runs out of memory, and may go on with errors
    """

    name: str
    strike: Callable[[int], None]
    is_limit: bool = False


def _signalled(number: signal.Signals) -> Callable[[int], None]:
    return lambda pid: os.kill(pid, number)


def starve(pid: int) -> None:
    """Let a process have no more memory than it has: the next mapping that it asks for is refused."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (_STARVED_BYTES, hard))


BLOWS: Final = (
    Blow("SIGKILL", _signalled(signal.SIGKILL)),
    Blow("SIGSEGV", _signalled(signal.SIGSEGV)),
    Blow("memory limit", starve, is_limit=True),
)


def check_crashes(lab: Lab) -> None:
    """Strike a process of each role with content in flight, in each way; the supervisor last, in the first way.

    A quick laboratory has the first way alone.
    """
    blows, roles = BLOWS[:1] if lab.options.is_quick else BLOWS, ROLES
    with lab.server("crashes") as server:
        sounds = server.make_sounds()
        watch = CoreWatch.begun(lab, server)
        for blow in blows:
            for place, role in enumerate(roles):
                lab.options.progress(f"crashes: {blow.name}", place / len(roles))
                strike_role(server, sounds, role, blow)
            lab.options.progress(f"crashes: {blow.name}", 1.0)
        server.watch_new(sounds)
        server.search("after crashes", *PROVES)
        _strike_supervisor(server, sounds, blows[0])
        server.watch_new(sounds)
        server.search("after the supervisor's end", *PROVES)
        watch.end(lab)


def strike_role(server: LabServer, sounds: SoundMint, role: str, blow: Blow) -> None:
    """Strike one process while it has content; note that it had, that it ended, and that the server is well.

    Whoever went on is searched before others are struck, since what it holds would go with it.
    """
    name = f"{role} {blow.name}"
    (victim, *_) = server.members(role)
    bystanders = [member for member in server.family() if member != victim]
    with HOLDING[role](server, sounds, f"zero/{name}") as held:
        server.watch(held)
        copies = _copies_in_flight(server, victim)
        blow.strike(victim.pid)
        if blow.is_limit:
            _work_on(server, name)
    is_ended = until(lambda: victim not in server.family(), _STARVED_WITHIN_S if blow.is_limit else _DEAD_WITHIN_S)
    outcome = "ended" if is_ended else "went on"
    if not is_ended and blow.is_limit:
        # Whoever is refused memory may go on with errors; its limit is not for those that come after.
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim.pid, signal.SIGKILL)
    is_well = server.await_well()
    server.lab.report.check(
        f"crash: {name}", copies > 0 and is_well and (is_ended or blow.is_limit),
        f"{copies} copies in flight, {outcome}, {'well again' if is_well else 'NOT well again'}", *PROVES,
    )  # fmt: skip
    now = server.family()
    time.sleep(server.lab.options.scrub_deadline_s)
    server.search_memory(f"after {name}", *PROVES, among=[member for member in bystanders if member in now])


def _strike_supervisor(server: LabServer, sounds: SoundMint, blow: Blow) -> None:
    """End the supervisor while others hold content: all must go with it, and the next start must serve."""
    engine = server.members("engine")[0]
    with HOLDING[_SUPERVISOR](server, sounds, f"zero/{_SUPERVISOR} {blow.name}") as held:
        server.watch(held)
        copies = _copies_in_flight(server, engine)
        blow.strike(server.running.process.pid)
        are_gone = server.await_end()
    server.start()
    is_well = server.await_well()
    server.lab.report.check(
        f"crash: {_SUPERVISOR} {blow.name}", copies > 0 and are_gone and is_well,
        f"{copies} copies in flight, {'none' if are_gone else 'SOME'} of its processes outlived it, "
        f"{'well again' if is_well else 'NOT well again'}", *PROVES,
    )  # fmt: skip


def _copies_in_flight(server: LabServer, victim: ProcessIdentity) -> int:
    """Return how many copies of what is held a process has, as soon as it has any."""
    count = 0

    def has_some() -> bool:
        nonlocal count
        try:
            count = len(scan_memory([victim], server.needles).hits)
        except EcholessError:
            return False
        return count > 0

    until(has_some, _IN_FLIGHT_WITHIN_S)
    return count


def _work_on(server: LabServer, name: str) -> None:
    """Go on asking a server that has a starved process; whatever it answers, it may not leave anything."""
    for number in range(_STARVED_REQUESTS):
        text = server.lab.mint.plain(f"zero/{name}/more {number}", _STARVED_TEXT_CHARACTERS, is_kept=False)
        path = f"{SPEECH}/stream?output_format=pcm_44100&enable_logging=false"
        with contextlib.suppress(OSError, http.client.HTTPException), server.client() as client:
            stream = client.open_stream(path, {"text": text.text, "model_id": MODEL})
            stream.read(_STARVED_BYTES)
            stream.close()


@dataclass(frozen=True, slots=True)
class CoreWatch:
    """The core files of before, and whether one would be found."""

    places: CorePlaces
    before: frozenset[Path]
    is_found: bool | None
    limits: frozenset[str]

    @classmethod
    def begun(cls, lab: Lab, server: LabServer) -> CoreWatch:
        """Look at what is there before any process is struck."""
        pattern = host_pattern()
        pids = [member.pid for member in server.family()]
        directories = [working_directory_of(pid) for pid in pids]
        places = CorePlaces.of(pattern, [*directories, server.folder, server.data_directory])
        is_found = leaves_a_core(lab.place, pattern)
        return cls(places, places.cores(), is_found, frozenset(core_limit_of(pid) for pid in pids))

    def end(self, lab: Lab, where: str = "") -> None:
        """Note whether there are new ones.

        where: what the names of the checks are told apart by
        """
        new = self.places.cores() - self.before
        report = lab.report
        control = {True: "found", False: "NOT found", None: "not to be had: this user's own limit is 0"}
        report.check(
            f"control: {where}a core of our own is found", self.is_found is not False, control[self.is_found], "C37"
        )
        report.check(
            f"{where}no process left a core", not new and self.limits == {"0 0"},
            f"{len(new)} new files in {', '.join(map(str, self.places.directories))}; limits: "
            f"{', '.join(sorted(self.limits))}", "C37",
        )  # fmt: skip
