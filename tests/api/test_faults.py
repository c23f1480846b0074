"""Processes that die and clients that leave: a clean cut, nothing lost, nothing left open."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echoless.core.processes import cpu_seconds
from tests.fakes.raw_client import SPEECH, RawAnswer, RawConnection, open_generations, request_bytes
from tests.fakes.running_server import RunningServer, running_server, spawn_server, wait_until_ready
from tests.soak.storm import FLAGS, Report, Storm

pytestmark = pytest.mark.api

MODES = ("zero", "default")
LONG = "A sentence that goes on for quite a while, and then some more. "
ROLES = {"engine": 2, "gateway": 2, "vault": 1, "supervisor": 1}


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


class Listener:
    """A client that reads its stream in a thread of its own, as fast as it comes or not at all."""

    def __init__(
        self, server: RunningServer, text: str, mode: str, path: str = f"{SPEECH}/stream?output_format=pcm_44100"
    ) -> None:
        self.mode, self.text = mode, text
        body = json.dumps({"text": text, "model_id": "eleven_flash_v2_5", "seed": 3}).encode()
        self._connection = RawConnection(server.base_url)
        switch = "false" if mode == "zero" else "true"
        self._connection.send(
            request_bytes("POST", f"{path}&enable_logging={switch}", body=body, key=server.api_key)
        )
        self.audio = bytearray()
        self.answer: RawAnswer | None = None
        self._may_read = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        # Closing the connection under this thread's read is one of the ways in which it ends.
        with contextlib.suppress(OSError, ValueError, TimeoutError):
            self.answer = self._connection.head()
            if self.answer is not None:
                for piece in self._connection.pieces(self.answer):
                    self.audio += piece
                    self._may_read.wait()

    @property
    def item_id(self) -> str:
        return self.answer.headers.get("history-item-id", "") if self.answer is not None else ""

    @property
    def is_whole(self) -> bool:
        return self.answer is not None and self.answer.is_whole

    def read_on(self) -> None:
        self._may_read.set()

    def has_audio(self) -> bool:
        return len(self.audio) > 0

    def is_ended(self) -> bool:
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Break off: no more reading, no more connection."""
        with contextlib.suppress(OSError):
            self._connection.socket.shutdown(2)
        self._may_read.set()
        self._thread.join(10)
        self._connection.close()


@contextlib.contextmanager
def listeners(server: RunningServer, text: str) -> Iterator[list[Listener]]:
    """One client of each mode, both in the middle of their streams."""
    both = [Listener(server, f"{mode} {text}", mode) for mode in MODES]
    try:
        assert until(lambda: all(each.has_audio() for each in both))
        yield both
    finally:
        for each in both:
            each.leave()


def is_well(server: RunningServer) -> bool:
    """Every process is there and serves both modes, and nothing is open."""
    if {role: len(pids) for role, pids in server.pids().items()} != ROLES:
        return False
    with contextlib.suppress(OSError, http.client.HTTPException, AssertionError):
        if all(server.request("GET", "/v1/models")[0] == 200 for _ in range(8)):
            return open_generations(server.base_url, server.api_key) == 0
    return False


def kept_texts(server: RunningServer) -> list[str]:
    status, _, body = server.request("GET", "/v1/history?page_size=1000")
    assert status == 200
    return [item["text"] for item in json.loads(body)["history"]]


@pytest.fixture(scope="module")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that tests may hurt; each leaves it well again."""
    with running_server(tmp_path_factory.mktemp("hurt"), *FLAGS) as server:
        yield server


@pytest.mark.claim("Z9")
@pytest.mark.claim("Z11")
@pytest.mark.parametrize("role", ["engine", "gateway", "vault"])
def test_streams_of_a_killed_process_are_cut_and_nothing_stays_open(hurt: RunningServer, role: str) -> None:
    """C19, T34: after kill -9 in the middle of streams of both modes."""
    text = f"{role}. " + LONG * 300
    with listeners(hurt, text) as (zero, kept):
        for pid in hurt.pids()[role]:
            os.kill(pid, signal.SIGKILL)
        for each in (zero, kept):
            each.read_on()
        assert until(lambda: zero.is_ended() and kept.is_ended()), "a stream hangs"
        assert not kept.is_whole
        # The vault has no part in the rest of a zero-retention response: nothing of it is to be kept.
        assert zero.is_whole is (role == "vault")
    assert until(lambda: is_well(hurt)), "the server is not well again"
    kept_now = kept_texts(hurt)
    assert zero.text not in kept_now
    # Only a gateway leaves something behind that was made as ordered: what the vault had taken until then.
    assert (kept.text in kept_now) is (role == "gateway")
    if role == "gateway":
        status, _, audio = hurt.request("GET", f"/v1/history/{kept.item_id}/audio")
        assert status == 200
        assert audio.startswith(kept.audio) or kept.audio.startswith(audio)


@pytest.mark.claim("Z9")
def test_after_a_killed_supervisor_streams_are_cut_and_a_new_start_serves(tmp_path: Path) -> None:
    with running_server(tmp_path, *FLAGS) as server:
        status, headers, audio = server.request("POST", SPEECH, {"text": "Kept before."})
        assert status == 200
        with listeners(server, LONG * 300) as (zero, kept):
            server.process.kill()
            for each in (zero, kept):
                each.read_on()
            assert until(lambda: zero.is_ended() and kept.is_ended()), "a stream hangs"
            assert not zero.is_whole
            assert not kept.is_whole
        server.process.wait()
        # At once: whatever the dead server left behind may not stand in the way.
        again = wait_until_ready(spawn_server(tmp_path, *FLAGS), tmp_path)
        try:
            assert zero.text not in kept_texts(again)
            item = headers["history-item-id"]
            assert again.request("GET", f"/v1/history/{item}/audio")[2] == audio
            assert until(lambda: is_well(again))
        finally:
            again.stop()


def test_clients_of_another_gateway_notice_nothing(hurt: RunningServer) -> None:
    text = LONG * 20
    many = [Listener(hurt, text, "zero") for _ in range(16)]
    try:
        assert until(lambda: all(each.has_audio() for each in many))
        os.kill(hurt.pids()["gateway"][0], signal.SIGKILL)
        for each in many:
            each.read_on()
        assert until(lambda: all(each.is_ended() for each in many)), "a stream hangs"
        whole = [bytes(each.audio) for each in many if each.is_whole]
        cut = [bytes(each.audio) for each in many if not each.is_whole]
        assert whole, "no stream outlived the death of the other gateway"
        assert cut, "no stream was with the killed gateway"
        assert len(set(whole)) == 1
        assert all(whole[0].startswith(each) for each in cut)
    finally:
        for each in many:
            each.leave()
    assert until(lambda: is_well(hurt))


# --- clients that leave ---


def engine_seconds(server: RunningServer) -> float:
    return sum(cpu_seconds(pid) for pid in server.pids()["engine"])


def seconds_until_idle(server: RunningServer, quiet_s: float = 0.25, deadline_s: float = 10.0) -> float:
    """Return when the engines' processor time last rose, in seconds from now."""
    pids = server.pids()["engine"]
    began_s = last_rise_s = time.monotonic()
    spent = sum(map(cpu_seconds, pids))
    while time.monotonic() - last_rise_s < quiet_s:
        time.sleep(0.01)
        now = sum(map(cpu_seconds, pids))
        # Waking up to look at its sockets costs an idle engine less than this.
        if now - spent > 0.002:
            last_rise_s = time.monotonic()
        spent = now
        if time.monotonic() - began_s > deadline_s:
            break
    return last_rise_s - began_s


@pytest.mark.parametrize(
    ("path", "is_begun"),
    [
        (f"{SPEECH}/stream?output_format=pcm_44100", True),
        (f"{SPEECH}/stream?output_format=mp3_44100_128", True),
        (f"{SPEECH}/with-timestamps?output_format=pcm_44100", True),
        (f"{SPEECH}?output_format=wav_44100", False),
    ],
    ids=["pcm", "mp3", "timestamps", "wav before its first byte"],
)
def test_engines_rest_soon_after_their_client_left(server: RunningServer, path: str, is_begun: bool) -> None:
    """The bound is generous, for a busy machine; the benchmark has the figure."""
    listener = Listener(server, (LONG * 700)[:40_000], "zero", path)
    try:
        listener.read_on()
        before = engine_seconds(server)
        assert until(lambda: engine_seconds(server) - before > 0.1), "the engine never worked"
        if is_begun:
            assert until(listener.has_audio)
        assert not listener.is_ended(), "the response was over before its client could leave"
    finally:
        listener.leave()
    rest_s = seconds_until_idle(server)
    assert rest_s < 1.0
    assert until(lambda: open_generations(server.base_url, server.api_key) == 0, 5.0)


@pytest.mark.claim("Z2")
def test_what_was_made_for_a_client_that_left_is_kept_only_where_it_may_be(server: RunningServer) -> None:
    """C19, T35: a row appears also when the client broke off midway."""
    with listeners(server, LONG * 300) as (zero, kept):
        heard = bytes(kept.audio)
    assert until(lambda: open_generations(server.base_url, server.api_key) == 0, 5.0)
    assert until(lambda: kept.text in kept_texts(server), 5.0)
    assert zero.text not in kept_texts(server)
    assert zero.item_id == ""
    status, _, audio = server.request("GET", f"/v1/history/{kept.item_id}/audio")
    assert status == 200
    assert audio.startswith(heard)


# --- many kills ---


@pytest.mark.claim("Z11")
def test_whole_responses_survive_a_small_storm_of_kills(tmp_path: Path) -> None:
    """C19: kills around commits; `script/soak` has the long form."""
    storm = Storm(tmp_path, seed=5)
    reports: list[Report] = []
    try:
        storm.run(
            ["vault", "gateway", "vault", "engine", "supervisor", "vault"],
            lambda _role, report: reports.append(report),
        )
    finally:
        storm.close()
    report = storm.report
    assert report.problems == []
    assert len(reports) == 6
    assert report.aimed_count >= 3
    assert report.whole_kept_count >= 6
    assert report.whole_zero_count >= 2
    assert report.cut_count >= 3
