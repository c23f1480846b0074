"""What the operator sees: health, readiness, metrics, and a stop that ends what runs."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from tests.api.text_sockets import END, INIT, VOICE, open_socket, rest_of, send
from tests.fakes.running_server import RunningServer, running_server

pytestmark = pytest.mark.api
TOKEN = "scrape-token-0123456789"
CANARY = "canary-5d20be"
SPEECH = f"/v1/text-to-speech/{VOICE}"
LONG = "This is one of many sentences that fill a long stream. " * 80


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> bool:
    """Wait for a condition; say whether it came."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose metrics may be scraped, with one gateway, and which this module may hurt."""
    directory = tmp_path_factory.mktemp("watched")
    token = directory / "token"
    token.write_text(TOKEN)
    variables = {"ECHOLESS_METRICS_TOKEN_FILE": str(token)}
    with running_server(directory, "--engines", "1", "--gateways", "1", variables=variables) as server:
        yield server


def scrape(server: RunningServer) -> tuple[str, dict[tuple[str, frozenset[tuple[str, str]]], float]]:
    status, headers, body = server.request(
        "GET", "/metrics", headers={"authorization": f"Bearer {TOKEN}"}, key=None
    )
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    families = text_string_to_metric_families(body.decode())
    samples = [sample for family in families for sample in family.samples]
    return body.decode(), {(one.name, frozenset(one.labels.items())): one.value for one in samples}


def readiness(server: RunningServer) -> tuple[int, list[str]]:
    status, _headers, body = server.request("GET", "/ready", key=None)
    return status, json.loads(body)["reasons"]


def marked_traffic(server: RunningServer) -> None:
    """Send a mark in every place that a client fills, in both modes, to routes that exist and to others."""
    mark = {"x-trace": CANARY, "user-agent": CANARY, "referer": f"http://{CANARY}/"}
    for query in ("enable_logging=false", "enable_logging=true", f"output_format={CANARY}", f"{CANARY}=1"):
        server.request("POST", f"{SPEECH}?{query}", {"text": CANARY, "model_id": "eleven_flash_v2"}, headers=mark)
    server.request("POST", SPEECH, {"text": "Hello.", "model_id": CANARY})
    server.request("POST", f"/v1/text-to-speech/{CANARY}", {"text": "Hello."})
    server.request("GET", f"/v1/history/{CANARY}")
    server.request("GET", f"/{CANARY}")
    server.request("GET", "/v1/history", key=f"sk_{CANARY}")
    server.request(CANARY.upper(), SPEECH)
    with open_socket(server, "enable_logging=false") as opened:
        send(opened, INIT, {"text": f"{CANARY} "}, END)
        rest_of(opened)


@pytest.mark.claim("Z29")
def test_marked_traffic_is_counted_and_adds_neither_series_nor_marks(watched: RunningServer) -> None:
    """C28: a scrape before and after; label values are closed sets, which the vault's own test compares."""
    _page, before = scrape(watched)
    marked_traffic(watched)
    kind = {("product", "text_to_speech"), ("code_class", "2xx")}
    served = [("echoless_requests_total", frozenset({*kind, ("mode", mode)})) for mode in ("zero", "default")]
    assert until(lambda: all(scrape(watched)[1][name] > before[name] for name in served))
    page, after = scrape(watched)
    assert set(before) == set(after)
    assert CANARY not in page
    assert watched.api_key not in page


@pytest.mark.claim("Z29")
def test_no_api_key_and_no_stranger_gets_the_metrics(watched: RunningServer) -> None:
    for key in (None, watched.api_key, "wrong"):
        status, _headers, body = watched.request("GET", "/metrics", key=key)
        assert (status, json.loads(body)["detail"]["code"]) == (401, "invalid_api_key")


def test_a_process_that_was_replaced_is_counted(watched: RunningServer) -> None:
    name = ("echoless_process_restarts_total", frozenset({("role", "engine")}))
    _page, before = scrape(watched)
    [engine] = watched.pids()["engine"]
    os.kill(engine, signal.SIGKILL)
    ready = ("echoless_processes_ready", frozenset({("role", "engine")}))

    def is_counted() -> bool:
        _page, now = scrape(watched)
        return now[name] == before[name] + 1 and now[ready] == 1

    assert until(is_counted)
    assert until(lambda: readiness(watched) == (200, []))


def test_a_vault_that_does_not_answer_makes_the_server_not_ready_and_the_command_says_so(
    watched: RunningServer,
) -> None:
    [vault] = watched.pids()["vault"]
    os.kill(vault, signal.SIGSTOP)
    try:
        assert readiness(watched) == (503, ["vault_unreachable"])
        result = asked(watched, "--ready")
        assert (result.returncode, result.stdout) == (1, "not_ready: vault_unreachable, no_zero_retention\n")
    finally:
        os.kill(vault, signal.SIGCONT)
    assert until(lambda: readiness(watched) == (200, []))
    result = asked(watched, "--ready", "--wait", "10")
    assert (result.returncode, result.stdout) == (0, "ready\n")


def asked(server: RunningServer, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `echoless health` on a server's data directory."""
    command = [sys.executable, "-m", "echoless", "health", "--data", str(server.data_directory), *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECHOLESS_")}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


@dataclass
class Stream:
    """An answer of which only the head was taken."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse

    def close(self) -> None:
        self.response.close()
        self.connection.close()


def begin_stream(server: RunningServer, query: str = "") -> Stream:
    """Ask for a stream that is longer than every buffer on the way."""
    connection = server.connect(60)
    body = json.dumps({"text": LONG, "model_id": "eleven_flash_v2"})
    headers = {"xi-api-key": server.api_key, "content-type": "application/json"}
    connection.request("POST", f"{SPEECH}/stream?output_format=pcm_44100{query}", body, headers)
    response = connection.getresponse()
    assert response.status == 200
    return Stream(connection, response)


def test_what_runs_when_a_stop_is_asked_for_ends_in_order_and_nothing_new_begins(tmp_path: Path) -> None:
    with running_server(tmp_path, "--engines", "1", "--gateways", "1") as server:
        with contextlib.closing(begin_stream(server)) as stream:
            whole = stream.response.read()
        socket = open_socket(server, "enable_logging=false")
        with contextlib.closing(begin_stream(server)) as stream, socket as opened:
            send(opened, INIT, {"text": "Before the stop. ", "flush": True})
            assert json.loads(opened.recv(10))["audio"]
            server.process.send_signal(signal.SIGTERM)
            assert until(lambda: readiness(server)[0] == 503)
            assert readiness(server) == (503, ["draining"])
            status, headers, body = server.request("POST", f"{SPEECH}?enable_logging=false", {"text": "Too late."})
            assert (status, json.loads(body)["detail"]["code"]) == (503, "engine_unavailable")
            assert (headers["retry-after"], headers["x-echoless-retention"]) == ("1", "zero")
            # The stream comes to its end, byte for byte, and so does the socket.
            assert stream.response.read() == whole
            send(opened, {"text": "And after it. "}, END)
            heard = rest_of(opened)
            assert (heard.close_code, heard.messages[-1]["isFinal"]) == (1000, True)
            assert server.process.wait(20) == 0


def test_what_has_not_ended_by_the_deadline_is_cut_and_nobody_hangs_meanwhile(tmp_path: Path) -> None:
    deadline_s = 5.0
    variables = {"ECHOLESS_DRAIN_DEADLINE_S": str(deadline_s)}
    with (
        running_server(tmp_path, "--engines", "1", "--gateways", "2", variables=variables) as server,
        contextlib.closing(begin_stream(server, "&enable_logging=false")) as stream,
        open_socket(server) as idle,
    ):
        send(idle, INIT)
        server.process.send_signal(signal.SIGTERM)
        began_s = time.monotonic()
        assert until(lambda: answered(server) == 503)
        # Gateways that are gone already are answered for, too: new connections go to either.
        while time.monotonic() - began_s < deadline_s / 2:
            asked_s = time.monotonic()
            assert answered(server) == 503
            assert time.monotonic() - asked_s < deadline_s / 2, "an answer came late"
        assert server.process.wait(30) == 0
        assert time.monotonic() - began_s >= deadline_s - 0.1, "the deadline was not waited for"
        with pytest.raises(ConnectionClosed):
            while True:
                idle.recv(5)
        assert idle.close_code == 1012
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            stream.response.read()


def answered(server: RunningServer) -> int:
    """Return the status of a new request, or 0 where there was no whole answer."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        return server.request("GET", "/ready", key=None)[0]
    return 0
