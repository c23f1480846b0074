"""A storm of kills: processes die at the moment at which kept responses are committed, and nothing may be lost.

While a few clients speak in both modes, one process is killed within milliseconds of a kept response's audio. Then
the server recovers (or is started again on the same data directory), and everything that clients got whole must be
in the history with equal audio, nothing that was not to be kept may be, and no request may be left open.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.raw_client import open_generations
from tests.fakes.running_server import RunningServer, spawn_server, wait_until_ready
from tests.soak.sentences import Said, rehearsed, say

SUPERVISOR = "supervisor"
AIM_S = 0.025
FLAGS = ("--engines", "2", "--gateways", "2")
_CLIENTS = 3
_SENTENCES = 24
_RECOVERY_S = 60.0
_AFTER_KILL_S = 0.05
_REFUSED_PAUSE_S = 0.01
# Each on a connection of its own, so that every gateway is asked.
_HEALTH_CHECKS = 8
_ALARMS = ("unexpected_error", "frame_refused", "content_refused")


@dataclass(slots=True)
class Report:
    """What a storm found. Problems name ids, counts and roles, never texts.

    aimed_count:         kills within 25 ms of the last audio of a kept response, before or after
    cut_at_commit_count: kept responses that had all their audio and lacked only their end
    """

    kills: dict[str, int] = field(default_factory=dict)
    aimed_count: int = 0
    cut_at_commit_count: int = 0
    whole_kept_count: int = 0
    whole_zero_count: int = 0
    cut_count: int = 0
    recovery_s_max: float = 0.0
    problems: list[str] = field(default_factory=list)


class Storm:
    """One data directory, one server at a time."""

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory = directory
        self._random = random.Random(seed)
        self._server = self._start()
        self._counts = {role: len(pids) for role, pids in self._server.pids().items()}
        self._sentences = rehearsed(self._server, _SENTENCES)
        self._said: list[Said] = []
        self.report = Report()

    def run(
        self, roles: Sequence[str], progress: Callable[[str, Report], None] = lambda _role, _report: None
    ) -> None:
        """Kill one process of each role in turn; afterwards everything is checked once more."""
        for role in roles:
            said, kill_s = self._round(role)
            self._count(role, said, kill_s)
            began_s = time.monotonic()
            self._recover(role)
            self.report.recovery_s_max = max(self.report.recovery_s_max, time.monotonic() - began_s)
            self._said += said
            self._check(said)
            progress(role, self.report)
        self._check(self._said)
        self._check_list()

    def close(self) -> None:
        """Stop the server; it must end cleanly."""
        status = self._server.stop()
        if status:
            self.report.problems.append(f"the server ended with {status}")

    # --- one round ---

    def _round(self, role: str) -> tuple[list[Said], float]:
        """Speak, kill, let clients notice; return what was said and when the kill came."""
        said: list[Said] = []
        stop, begun = threading.Event(), threading.Semaphore(0)
        victim = self._random.choice(self._server.pids()[role])
        clients = [threading.Thread(target=self._speak, args=(said, stop, begun)) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        for _ in range(self._random.randint(2, 8)):
            if not begun.acquire(timeout=_RECOVERY_S):
                self.report.problems.append("no response began")
        time.sleep(self._random.uniform(0, AIM_S))
        kill_s = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        time.sleep(_AFTER_KILL_S)
        stop.set()
        for client in clients:
            client.join()
        return said, kill_s

    def _speak(self, said: list[Said], stop: threading.Event, begun: threading.Semaphore) -> None:
        while not stop.is_set():
            sentence = self._random.choice(self._sentences)
            said.append(say(self._server, sentence, begun.release if sentence.is_kept else _nothing))
            if said[-1].status != 200:
                stop.wait(_REFUSED_PAUSE_S)

    def _count(self, role: str, said: list[Said], kill_s: float) -> None:
        report = self.report
        report.kills[role] = report.kills.get(role, 0) + 1
        report.aimed_count += any(each.sentence.is_kept and abs(each.audio_s - kill_s) <= AIM_S for each in said)
        report.cut_at_commit_count += sum(
            each.sentence.is_kept and bool(each.audio_s) and not each.is_whole for each in said
        )
        report.whole_kept_count += sum(each.is_whole and each.sentence.is_kept for each in said)
        report.whole_zero_count += sum(each.is_whole and not each.sentence.is_kept for each in said)
        report.cut_count += sum(not each.is_whole for each in said)

    # --- coming back ---

    def _start(self) -> RunningServer:
        return wait_until_ready(spawn_server(self._directory, *FLAGS), self._directory)

    def _recover(self, role: str) -> None:
        if role == SUPERVISOR:
            self._note_alarms()
            self._server.process.wait()
            self._server = self._start()
        deadline_s = time.monotonic() + _RECOVERY_S
        while not self._is_well():
            if time.monotonic() > deadline_s:
                raise AssertionError(f"after a kill of the {role} the server is not well again")
            time.sleep(0.02)

    def _is_well(self) -> bool:
        """All processes are there and serve, speech works, and nobody's request is still open."""
        server = self._server
        if {role: len(pids) for role, pids in server.pids().items()} != self._counts:
            return False
        with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
            if all(server.request("GET", "/v1/models")[0] == 200 for _ in range(_HEALTH_CHECKS)):
                return open_generations(server.base_url, server.api_key) == 0
        return False

    # --- what must hold ---

    def _check(self, said: list[Said]) -> None:
        for each in said:
            problem = self._kept_problem(each) if each.item_id else _unkept_problem(each)
            if problem:
                self.report.problems.append(f"{problem} (item {each.item_id or '-'}, status {each.status})")

    def _kept_problem(self, said: Said) -> str:
        if not said.sentence.is_kept:
            return "a zero-retention response names an item"
        status, body = self._read(f"/v1/history/{said.item_id}")
        if status == 404:
            return "a whole response is not in the history" if said.is_whole else ""
        if status != 200:
            return f"an item cannot be read: {status}"
        if json.loads(body)["text"] != said.sentence.text:
            return "an item has another text"
        status, audio = self._read(f"/v1/history/{said.item_id}/audio")
        if status != 200 or not said.sentence.audio.startswith(audio):
            return "an item has other audio than its text makes"
        if said.is_whole and audio != said.audio:
            return "an item has other audio than its client got"
        return "" if audio else "an item has no audio"

    def _read(self, path: str) -> tuple[int, bytes]:
        """Read what is kept; one gateway may still be without the new vault, and says when to come again."""
        deadline_s = time.monotonic() + _RECOVERY_S
        while True:
            status, headers, body = self._server.request("GET", path)
            if status != 503 or time.monotonic() > deadline_s:
                return status, body
            time.sleep(float(headers["retry-after"]))

    def _check_list(self) -> None:
        """The history holds nothing that was not to be kept, and nothing that nobody asked for."""
        known = {each.item_id for each in self._said}
        unkept = {sentence.text for sentence in self._sentences if not sentence.is_kept}
        after, has_more = "", True
        while has_more:
            _, body = self._read(f"/v1/history?page_size=200{after}")
            page = json.loads(body)
            for item in page["history"]:
                if item["text"] in unkept:
                    self.report.problems.append("a zero-retention text is in the history")
                elif item["history_item_id"] not in known and not _is_early(item, self._said):
                    self.report.problems.append("an item that nobody was told of")
            has_more, after = page["has_more"], f"&start_after_history_item_id={page['last_history_item_id']}"
        self._note_alarms()

    def _note_alarms(self) -> None:
        for line in self._server.output().splitlines():
            if any(f'"{alarm}"' in line for alarm in _ALARMS):
                self.report.problems.append(f"a process said {line}")


def _nothing() -> None:
    """Nobody aims at this response."""


def _unkept_problem(said: Said) -> str:
    if said.sentence.is_kept:
        return "a kept response names no item" if said.is_whole else ""
    if said.is_whole and bytes(said.audio) != said.sentence.audio:
        return "a whole zero-retention response has other audio"
    return (
        "" if said.sentence.audio.startswith(said.audio) or said.status != 200 else "a cut response has other audio"
    )


def _is_early(item: dict[str, object], said: list[Said]) -> bool:
    """An item whose client was cut off before the headers came: it never learned the id."""
    return any(not each.status and each.sentence.is_kept and each.sentence.text == item["text"] for each in said)


def plan(random_count: int, vault_count: int, supervisor_count: int, seed: int) -> list[str]:
    """Return the roles to kill, mixed."""
    chance = random.Random(seed)
    roles = [chance.choice(["engine", "gateway", "vault", SUPERVISOR]) for _ in range(random_count)]
    roles += ["vault"] * vault_count + [SUPERVISOR] * supervisor_count
    chance.shuffle(roles)
    return roles
