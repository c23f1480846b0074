"""The processes that speak outward, ended while something is on its way out: a remote, webhooks, fetches, notices.

Each has content in it at that moment, or an address that is somebody's own. What is zero must go with the process;
what was kept, and what the vault has promised to tell, must still be there.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from typing import Final

from echoless.audit.lab_server import Lab, LabServer, until
from echoless.audit.on_the_way import SETTINGS, OnTheWay, Told, all_on_the_way, have_all
from echoless.audit.outside import Outside
from echoless.audit.parts.crashes import BLOWS, Blow, CoreWatch
from echoless.audit.plantings.speech_to_text import TRANSCRIPTION
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.sounds import SoundMint
from echoless.core.processes import ProcessIdentity
from echoless.crossing.notice_records import ListAllNotices, NoticePage

PROVES: Final = ("C19", "C33", "C48")
ROLE: Final = "egress"
_NOTICES_MAX: Final = 100
_TOLD_WITHIN_S: Final = 45.0
_STARVED_WITHIN_S: Final = 1.0
_DEAD_WITHIN_S: Final = 10.0
_GOOD: Final = 200
_ANSWER: Final = bytes(512 * 1024)
"""Silence for who waits for samples, and nothing that a notice or a fetch can be told by."""


def check_outbound(lab: Lab) -> None:
    """Strike all of them at once, in each way; a quick laboratory has the first way alone."""
    blows = BLOWS[:1] if lab.options.is_quick else BLOWS
    with Outside(_ANSWER).listening(lab.place) as outside:
        settings = lab.place / "outbound.toml"
        settings.write_text(SETTINGS.format(port=outside.port, ca=outside.ca_path), encoding="utf-8")
        with lab.server("outbound", ("--config", str(settings))) as server:
            sounds, told = server.make_sounds(), Told.by(server, outside)
            watch = CoreWatch.begun(lab, server)
            for number, blow in enumerate(blows):
                lab.options.progress("outbound", number / len(blows))
                _strike(server, sounds, outside, told, blow, is_restricted=number % 2 == 0)
            lab.options.progress("outbound", 1.0)
            server.watch_new(sounds)
            # Memory was searched after each blow.
            server.search_files("after ways out", *PROVES)
            watch.end(lab, "ways out: ")


def _strike(
    server: LabServer, sounds: SoundMint, outside: Outside, told: Told, blow: Blow, *, is_restricted: bool
) -> None:
    """Strike while each has something; note that each had, and that nothing is left and nothing lost."""
    with all_on_the_way(server, sounds, outside, told, blow.name, is_restricted=is_restricted) as way:
        server.watch(way.held)
        victims = server.members(ROLE)
        copies = _copies(server, victims)
        for victim in victims:
            blow.strike(victim.pid)
        if blow.is_limit:
            # They are to go on, and to find no memory for it.
            outside.let_go()
        ended_count = _ended(server, victims, blow)
    is_well = server.await_well()
    are_struck = ended_count == len(victims) > 0 and _GOOD not in way.statuses
    server.lab.report.check(
        f"crash: ways out {blow.name}",
        have_all(way.arrived, told) and all(copies) and is_well and (are_struck or blow.is_limit),
        f"{len(way.arrived)} on their way, {'/'.join(map(str, copies)) or 'no'} copies in {len(victims)} "
        f"processes, {ended_count} ended, clients were told {_words(way.statuses)}, "
        f"{'well again' if is_well else 'NOT well again'}", *PROVES,
    )  # fmt: skip
    _check_promises(server, outside, told, way, blow)
    time.sleep(server.lab.options.scrub_deadline_s)
    server.search_memory(f"after ways out {blow.name}", *PROVES)


def _check_promises(server: LabServer, outside: Outside, told: Told, way: OnTheWay, blow: Blow) -> None:
    """What was kept is there, what people must be told arrives, and what is zero was sent once and never again."""
    is_notified = until(lambda: not _undelivered(server, told), _TOLD_WITHIN_S)
    with server.client() as client:
        status = client.request("GET", f"{TRANSCRIPTION}/transcripts/{way.item_id}").status
    word = way.zero.words[0].encode()
    sent_count = sum(word in each.body for each in outside.arrived())
    server.lab.report.check(
        f"kept: the end of ways out loses nothing ({blow.name})",
        is_notified and status == _GOOD and sent_count == 1,
        f"the notice {'has arrived' if is_notified else 'has NOT arrived'}, the transcript answers {status}, "
        f"results of zero retention were sent {sent_count} times", *PROVES,
    )  # fmt: skip


def _undelivered(server: LabServer, told: Told) -> int:
    """Return how many notices of the workspace have not arrived."""
    page = server.ask(ListAllNotices(_NOTICES_MAX, told.workspace_id, is_undelivered_only=True))
    assert isinstance(page, NoticePage), "the vault answers with notices"
    return len(page.notices)


def _copies(server: LabServer, victims: Sequence[ProcessIdentity]) -> list[int]:
    """Return how many copies of what is held each process has."""
    hits = scan_memory(victims, server.needles).hits
    return [sum(hit.pid == victim.pid for hit in hits) for victim in victims]


def _ended(server: LabServer, victims: Sequence[ProcessIdentity], blow: Blow) -> int:
    """Return how many ended by the blow; those that a limit did not end are ended now."""

    def left() -> set[ProcessIdentity]:
        return set(victims) & set(server.family())

    until(lambda: not left(), _STARVED_WITHIN_S if blow.is_limit else _DEAD_WITHIN_S)
    going_on = left()
    for victim in going_on if blow.is_limit else ():
        # Its limit is not for those that come after.
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim.pid, signal.SIGKILL)
    return len(victims) - len(going_on)


def _words(statuses: Sequence[int]) -> str:
    return ", ".join(str(status) for status in sorted(statuses)) or "nothing"
