"""Many requests at once, of both modes, some left in the middle and some refused: then memory is searched.

What is right one after the other need not be right at once: a buffer that two share, a mode that is looked up
twice, a wiping that meets another's work. Every connection stays open while memory is searched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from echoless.audit.client import Answer, AuditClient
from echoless.audit.looking import look_into_memory, view_of
from echoless.audit.options import Scene
from echoless.audit.parts.asking import ZERO_QUERY, Asking, Expectations, is_served_zero, mode_of
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.reports.report import View
from echoless.audit.search.needles import text_needles

_AT_ONCE: Final = 48
_AT_ONCE_IN_USE: Final = 4
_LONG_CHARACTERS: Final = 2_000
_SHORT_CHARACTERS: Final = 60
_FIRST_BYTES: Final = 512
_FORMATS: Final = ("mp3_44100_128", "pcm_22050", "opus_48000_64", "ulaw_8000")
_BUSY: Final = 429


class Kind(StrEnum):
    """What becomes of a request."""

    ZERO = "served with zero retention"
    KEPT = "kept"
    LEFT = "left in the middle"
    HALF_SENT = "left while sending"
    REFUSED = "refused"
    SOCKET = "a socket"


# Two of the usual kind to one of each other.
_MIX: Final = (Kind.ZERO, Kind.KEPT, Kind.LEFT, Kind.ZERO, Kind.REFUSED, Kind.SOCKET, Kind.ZERO, Kind.HALF_SENT)


@dataclass(frozen=True, slots=True)
class Job:
    """One of them, with a connection of its own."""

    kind: Kind
    text: str = field(repr=False)
    output_format: str
    client: AuditClient = field(repr=False)


def check_concurrency(scene: Scene) -> None:
    """Send everything at once, look at what came, then into memory and the history."""
    with Asking(scene) as asking:
        jobs = [_job(asking, number) for number in range(_AT_ONCE_IN_USE if scene.server.is_in_use else _AT_ONCE)]
        try:
            with asking.check("many at once: each has what it asked for", "C33") as check:
                with ThreadPoolExecutor(len(jobs)) as pool:
                    answers = list(pool.map(_done, jobs))
                scene.report.request_count += len(jobs)
                _expect(check, asking, jobs, answers)
            _look(scene)
        finally:
            for job in jobs:
                job.client.__exit__(None, None, None)


def _job(asking: Asking, number: int) -> Job:
    scene, kind = asking.scene, _MIX[number % len(_MIX)]
    characters = _LONG_CHARACTERS if kind in {Kind.LEFT, Kind.HALF_SENT} else _SHORT_CHARACTERS
    is_kept = kind is Kind.KEPT
    name = f"{'kept' if is_kept else 'zero'}/at once/{kind.value} {number}"
    text = scene.mint.plain(name, characters, is_kept=is_kept).text
    client = AuditClient(scene.server.url, scene.server.api_key, scene.options.pause_s)
    return Job(kind, text, _FORMATS[number % len(_FORMATS)], client)


def _done(job: Job) -> Answer:
    """Do one; a request that nobody reads to its end gives what was seen of it, with the status 0 for nothing."""
    query = "" if job.kind is Kind.KEPT else ZERO_QUERY
    path = f"{SPEECH}/stream{query}{'&' if query else '?'}output_format={job.output_format}"
    body: dict[str, object] = {"text": job.text, "model_id": MODEL}
    match job.kind:
        case Kind.ZERO | Kind.KEPT:
            return job.client.request("POST", path, body)
        case Kind.REFUSED:
            return job.client.request("POST", path, {**body, "voice_settings": {"speed": job.text}})
        case Kind.LEFT:
            stream = job.client.open_stream(path, body)
            stream.read(_FIRST_BYTES)
            stream.close()
            return Answer(stream.status, stream.headers, b"")
        case Kind.HALF_SENT:
            job.client.leave_while_sending(path, body)
            return Answer(0, {}, b"")
        case Kind.SOCKET:
            opened = job.client.open_socket(f"{SPEECH}/stream-input{ZERO_QUERY}&model_id={MODEL}")
            opened.say(json.dumps({"text": " "}), json.dumps({"text": f"{job.text} "}), json.dumps({"text": ""}))
            return Answer(opened.hear_to_the_close(), opened.headers, b"")


def _expect(check: Expectations, asking: Asking, jobs: Sequence[Job], answers: Sequence[Answer]) -> None:
    """Compare answers with what was asked for, and the history with what was kept."""
    of = list(zip(jobs, answers, strict=True))
    kept = [answer for job, answer in of if job.kind is Kind.KEPT and answer.status == 200]
    for answer in kept:
        item = answer.headers.get("history-item-id", "")
        asking.undo("DELETE", f"/v1/history/{item}")
        check.expect(bool(item) and mode_of(answer) == "default", f"kept: mode {mode_of(answer)}")
    for job, answer in of:
        if asking.scene.server.is_in_use and answer.status == _BUSY:
            # Others are at work there: to be told so is right too.
            continue
        match job.kind:
            case Kind.ZERO:
                is_right = is_served_zero(answer)
            case Kind.KEPT:
                is_right = answer.status == 200
            case Kind.REFUSED:
                is_right = answer.status == 422 and mode_of(answer) == "zero"
            case Kind.LEFT:
                is_right = answer.status == 200 and mode_of(answer) == "zero"
            case Kind.SOCKET:
                is_right = answer.status == 1000 and mode_of(answer) == "zero"
            case Kind.HALF_SENT:
                is_right = True
        check.expect(is_right, f"{job.kind.value}: status {answer.status}, mode {mode_of(answer) or 'not said'}")
    listed = {row["request_id"] for row in asking.member("/v1/history?page_size=1000", "history")}
    made = {answer.headers.get("request-id", "") for answer in kept}
    unkept = {a.headers["request-id"] for job, a in of if job.kind is not Kind.KEPT and "request-id" in a.headers}
    check.expect(made <= listed, f"{len(made - listed)} of what was kept are not in the history")
    check.expect(not unkept & listed, f"{len(unkept & listed)} of what was not kept are in the history")
    check.note = f"{len(jobs)} at once, {len(kept)} of them kept"


def _look(scene: Scene) -> None:
    """Search all memory for everything that was said so far, where it can be looked at."""
    if scene.server.is_remote:
        return
    needles = text_needles(scene.mint.canaries)
    if scene.report.view is View.NONE:
        scene.report.view = view_of(scene, needles)
    time.sleep(scene.options.scrub_deadline_s)
    kept = scene.kept | {canary.name for canary in scene.mint.where(is_kept=True)}
    look_into_memory(scene, "memory after many at once", needles, frozenset(kept))
