"""Errors in every layer, with content in the request: neither answer nor journal may say anything of it.

Refused by the gateway, undecodable, too slow, an engine that is starved or dies, a store that takes nothing more, a
vault that is gone. Each is brought about, answered, and undone.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.capsules import Capsules
from echoless.audit.client import Answer, AuditClient
from echoless.audit.full_disk import filled, limited
from echoless.audit.groundwork import lay_groundwork
from echoless.audit.lab_server import Lab, LabServer, named, until
from echoless.audit.parts.crashes import starve
from echoless.audit.parts.places import note_place
from echoless.audit.planting import Manner, Planting, Script
from echoless.audit.plantings.catalogue import all_plantings
from echoless.audit.plantings.places import switch_of
from echoless.audit.plantings.speech_to_text import refused_transcriptions
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.plantings.voice_changer import refused_conversions
from echoless.audit.reports.report import NOT_SEARCHED
from echoless.audit.search.free_blocks import scan_blocks
from echoless.audit.search.needles import MASK, Needle, text_needles
from echoless.core.processes import ProcessIdentity

PROVES: Final = ("C26", "C33")
_SETTINGS: Final = {
    "ECHOLESS_BODY_TIMEOUT_S": "2", "ECHOLESS_UPLOAD_IDLE_TIMEOUT_S": "2", "ECHOLESS_WRITE_TIMEOUT_S": "2",
    "ECHOLESS_QUEUE_DEADLINE_S": "3",
}  # fmt: skip
_TEXT_CHARACTERS: Final = 2_000
_LONG_CHARACTERS: Final = 20_000
_ASKED: Final = 4
_ANSWERED_WITHIN_S: Final = 45.0
_RECOVERED_WITHIN_S: Final = 30.0
_QUICK_SOCKETS: Final = 6
_DISK_BYTES: Final = 96 * 1024 * 1024
_GOOD: Final = 200
Answers = list[Answer]


@dataclass(slots=True)
class _Failing:
    """What went wrong on purpose, and what clients were told.

    broken_count: connections that were cut, which tells nothing
    how:          it was brought about, where that depends on the host
    """

    answers: Answers = field(default_factory=list)
    broken_count: int = 0
    how: str = ""


def check_failures(lab: Lab) -> None:
    """Bring each error about and note what is answered; then search everything.

    The workspace has a capsule key: what is told of failures is sealed into answers, and must be nowhere else.
    """
    capsules = Capsules()
    with lab.server("failures", settings=_SETTINGS, disk_bytes=_DISK_BYTES) as server:
        with server.client() as client:
            capsules.name_key(client)
        capsules.take(_check_refusals(server))
        names = _QUICK if lab.options.is_quick else tuple(_LAYERS)
        for number, name in enumerate(names):
            lab.options.progress("failures: layers", number / len(names))
            capsules.take(_check_layer(server, name, _LAYERS[name]))
        lab.options.progress("failures: layers", 1.0)
        server.watch_new()
        capsules.check(lab.report, server.needles, *PROVES)
        server.needles += capsules.needles()
        server.search("after failures", *PROVES)
        _search_blocks(server)


def _search_blocks(server: LabServer) -> None:
    """Search what was deleted, where there are blocks that can be searched."""
    name, report = "after failures: free blocks", server.lab.report
    if server.own_disk is None:
        report.check(name, True, f"{NOT_SEARCHED} here: {server.why_no_disk}")
    else:
        note_place(report, scan_blocks(server.own_disk, server.needles), *PROVES, name=name)


# --- refused by the gateway, or not to be decoded ---


def _check_refusals(server: LabServer) -> Answers:
    """Send everything that is planted to be refused, and return the answers: HTTP, forms and sockets."""
    lab = server.lab
    with server.client() as client:
        groundwork = lay_groundwork(client, lab.mint)
        plantings = all_plantings(lab.mint, groundwork, only=("text_to_speech",))
        refused = [each for each in plantings if "refused" in each.name]
        if lab.options.is_quick:
            # Each socket is listened to until it is quiet, which takes its time.
            refused = [each for each in refused if not each.is_socket] + _sockets(refused)[:_QUICK_SOCKETS]
        refused += [*refused_conversions(lab.mint, groundwork), *refused_transcriptions(lab.mint, groundwork)]
        server.watch_new(groundwork.sounds)
        heard = [_told(client, planting) for planting in refused]
    echoed = echoes(heard, server.needles)
    wrong = sum(answer.status in {_GOOD, 101} for answer in heard)
    lab.report.request_count += len(refused)
    lab.report.check(
        "failure: what is refused is not echoed", not echoed and not wrong and len(refused) > _ASKED,
        f"{len(refused)} answers, {sum(len(answer.body) for answer in heard)} bytes of body, {wrong} not refused"
        + named(echoed), *PROVES,
    )  # fmt: skip
    return heard


def _sockets(plantings: Sequence[Planting]) -> list[Planting]:
    return [planting for planting in plantings if planting.is_socket]


def _told(client: AuditClient, planting: Planting) -> Answer:
    """Send one, and return everything that came back; of a socket its messages, and the code of its close."""
    if not isinstance(planting.body, Script):
        return client.request(planting.method, planting.path, planting.body, planting.headers)
    opened = client.open_socket(planting.path, planting.headers)
    opened.say(*planting.body.frames)
    if planting.manner is Manner.CLOSED_BY_CLIENT:
        opened.hear_until_quiet(planting.body.awaits)
        opened.close()
    return Answer(opened.hear_to_the_close(), opened.headers, b"\n".join(opened.messages))


def echoes(answers: Sequence[Answer], needles: Sequence[Needle]) -> list[str]:
    """Return whose words stand in answers, in any form, in headers or in bodies; never the words."""
    told = b"\n".join(
        b"\n".join([*(f"{name}: {value}".encode() for name, value in answer.headers.items()), answer.body])
        for answer in answers
    ).translate(MASK)
    return sorted({needle.owner for needle in needles if needle.masked in told})


# --- a layer that fails ---


def _check_layer(server: LabServer, name: str, bring_about: Callable[[LabServer, _Failing], None]) -> Answers:
    """Bring one failure about, let clients ask meanwhile, undo it; return what they were told."""
    lab, failing = server.lab, _Failing()
    before = len(lab.mint.canaries)
    bring_about(server, failing)
    is_well = server.await_well()
    echoed = echoes(failing.answers, text_needles(lab.mint.canaries[before:]))
    errors = [answer for answer in failing.answers if answer.status != _GOOD]
    statuses = ", ".join(sorted({str(answer.status) for answer in failing.answers}))
    lab.report.request_count += len(failing.answers) + failing.broken_count
    lab.report.check(
        f"failure: {name}", not echoed and is_well and bool(errors or failing.broken_count),
        f"answers: {statuses or 'none'}, {failing.broken_count} cut off, "
        f"{'well again' if is_well else 'NOT well again'}{failing.how and f'; {failing.how}'}" + named(echoed),
        *PROVES,
    )  # fmt: skip
    return failing.answers


def _ask(server: LabServer, failing: _Failing, name: str, *, is_kept: bool, count: int = _ASKED) -> None:
    """Ask a few times, each with words of its own."""
    for number in range(count):
        canary = server.lab.mint.plain(f"{name}/{number}", _TEXT_CHARACTERS, is_kept=is_kept)
        _ask_once(server, failing, canary)


def _ask_once(server: LabServer, failing: _Failing, canary: Canary) -> None:
    path = f"{SPEECH}?output_format=mp3_44100_128{switch_of(canary.is_kept)}"
    try:
        with server.client() as client:
            answer = client.request("POST", path, {"text": canary.text, "model_id": MODEL})
    except (OSError, http.client.HTTPException):
        failing.broken_count += 1
    else:
        # What was made as ordered is no error's answer.
        failing.answers.append(answer if answer.status != _GOOD else Answer(_GOOD, {}, b""))


def _slow_client(server: LabServer, failing: _Failing) -> None:
    """Send half a body and wait: the server gives up first."""
    text = server.lab.mint.plain("zero/slow body", _TEXT_CHARACTERS, is_kept=False).text
    with server.client() as client:
        failing.answers.append(client.wait_while_sending(f"{SPEECH}?enable_logging=false", {"text": text}))


def _deaf_client(server: LabServer, failing: _Failing) -> None:
    """Take nothing of an answer: the server cuts it off."""
    text = server.lab.mint.plain("zero/deaf client", _LONG_CHARACTERS, is_kept=False).text
    path = f"{SPEECH}/stream?output_format=pcm_44100&enable_logging=false"
    with server.client() as client:
        stream = client.open_stream(path, {"text": text, "model_id": MODEL})
        time.sleep(2 * float(_SETTINGS["ECHOLESS_WRITE_TIMEOUT_S"]))
        try:
            while stream.read(1 << 20):
                pass
        except (OSError, http.client.HTTPException):
            failing.broken_count += 1
        stream.close()


def _starved_engine(server: LabServer, failing: _Failing) -> None:
    """Refuse an engine memory while it is asked, then have it replaced."""
    (engine,) = server.members("engine")
    starve(engine.pid)
    _ask(server, failing, "zero/starved engine", is_kept=False)
    _end(engine)


def _dying_engine(server: LabServer, failing: _Failing) -> None:
    """Let an engine hold requests without working, then die with them."""
    _fall_silent_and_die(server, failing, "engine", "zero/dying engine")


def _full_store(server: LabServer, failing: _Failing) -> None:
    """Leave no room for what must be kept: it is refused, until it can be kept again."""
    with _no_room(server, failing):
        _ask(server, failing, "kept/full store", is_kept=True)
        _ask(server, failing, "zero/full store", is_kept=False, count=1)
    until(lambda: _is_kept_again(server), _RECOVERED_WITHIN_S)


@contextlib.contextmanager
def _no_room(server: LabServer, failing: _Failing) -> Iterator[None]:
    """Fill the file system to its last block where it is the server's own, else limit the vault's files."""
    if server.own_disk is not None:
        with filled(server.own_disk) as filled_bytes:
            failing.how = f"a file system of its own, filled with {filled_bytes} bytes to its last block"
            yield
        return
    (vault,) = server.members("vault")
    failing.how = f"a limit on its files, since {server.why_no_disk or 'its data lies among others'}"
    with limited(vault.pid):
        yield


def _is_kept_again(server: LabServer) -> bool:
    after = _Failing()
    _ask(server, after, "kept/after a full store", is_kept=True, count=1)
    return [answer.status for answer in after.answers] == [_GOOD]


def _missing_vault(server: LabServer, failing: _Failing) -> None:
    """Kill the vault and ask at once, in both modes."""
    (vault,) = server.members("vault")
    _end(vault)
    for is_kept in (False, True):
        _ask(server, failing, f"{'kept' if is_kept else 'zero'}/missing vault", is_kept=is_kept, count=2)


def _mute_vault(server: LabServer, failing: _Failing) -> None:
    """Let the vault answer nobody, then die with what it was asked."""
    _fall_silent_and_die(server, failing, "vault", "zero/mute vault")


def _fall_silent_and_die(server: LabServer, failing: _Failing, role: str, name: str) -> None:
    """Stop a process, ask for something that needs it, and kill it while it is waited for."""
    (process,) = server.members(role)
    os.kill(process.pid, signal.SIGSTOP)
    waiting = _begun(lambda: _ask(server, failing, name, is_kept=False, count=1))
    time.sleep(1.0)
    _end(process)
    waiting.join(_ANSWERED_WITHIN_S)


def _begun(ask: Callable[[], None]) -> threading.Thread:
    """Ask beside what goes on here."""
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    return thread


def _end(process: ProcessIdentity) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


_LAYERS: Final[dict[str, Callable[[LabServer, _Failing], None]]] = {
    "a body that does not come": _slow_client,
    "an answer that is not taken": _deaf_client,
    "an engine without memory": _starved_engine,
    "an engine that dies": _dying_engine,
    "a store that takes nothing": _full_store,
    "a vault that is gone": _missing_vault,
    "a vault that is mute": _mute_vault,
}
_QUICK: Final = ("a body that does not come", "an engine without memory", "a store that takes nothing")
