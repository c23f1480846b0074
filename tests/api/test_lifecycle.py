"""Starting, stopping and losing processes, as the operator sees it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.running_server import (
    TEST_KEY,
    RunningServer,
    running_server,
    spawn_server,
    wait_until_ready,
)

pytestmark = pytest.mark.api

VOICE = "JBFqnCBsd6RMkjVDRZzb"
SPEECH = f"/v1/text-to-speech/{VOICE}"


def until(condition: Callable[[], bool], timeout_s: float = 15.0) -> bool:
    """Wait for a condition; say whether it came."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def speaks(server: RunningServer, query: str = "") -> bool:
    status, _, body = server.request("POST", f"{SPEECH}{query}", {"text": "Hello there."})
    return status == 200 and len(body) > 1000


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of this test's own, which it may hurt."""
    hearing = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "1"}
    with running_server(tmp_path, "--engines", "2", "--gateways", "2", variables=hearing) as server:
        yield server


@pytest.mark.claim("Z19")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_however_the_supervisor_ends_no_process_is_left(own: RunningServer, how: signal.Signals) -> None:
    pids = [pid for members in own.pids().values() for pid in members]
    assert len(pids) == 8
    own.process.send_signal(how)
    status = own.process.wait(20)
    assert status == (-signal.SIGKILL if how is signal.SIGKILL else 0)
    assert until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.parametrize("role", ["engine", "media", "live", "gateway", "vault"])
def test_a_killed_child_is_replaced_and_the_server_speaks_again(own: RunningServer, role: str) -> None:
    before = own.pids()[role]
    os.kill(before[0], signal.SIGKILL)

    def replaced() -> bool:
        now = own.pids().get(role, [])
        return len(now) == len(before) and before[0] not in now

    assert until(replaced)

    def recovered() -> bool:
        try:
            return speaks(own) and speaks(own, "?enable_logging=false")
        except OSError:
            return False

    assert until(recovered)
    assert set(own.pids()[role]) >= set(before[1:])


def test_an_engine_that_asked_for_a_successor_does_not_stay_behind_it(tmp_path: Path) -> None:
    """One replaced for its age or growth ends with all that it held, once its gateways have moved on."""
    variables = {"ECHOLESS_VOICE_CHANGES_MAX": "1"}
    with running_server(tmp_path, "--engines", "1", variables=variables) as server:
        (first,) = server.pids()["engine"]
        for voice in ("JBFqnCBsd6RMkjVDRZzb", "21m00Tcm4TlvDq8ikWAM", "EXAVITQu4vr4xnSDxMaL"):
            status, _, _ = server.request("POST", f"/v1/text-to-speech/{voice}", {"text": "Hello there."})
            assert status == 200
        assert until(lambda: not is_alive(first))
        assert until(lambda: len(server.pids()["engine"]) == 1)
        assert speaks(server)


def test_while_the_vault_is_away_clients_are_told_to_come_again(own: RunningServer) -> None:
    """T34: 503 with retry-after, in the contract's shape."""
    (vault,) = own.pids()["vault"]
    os.kill(vault, signal.SIGSTOP)
    os.kill(vault, signal.SIGKILL)
    seen: list[int] = []
    deadline_s = time.monotonic() + 15
    while time.monotonic() < deadline_s and 200 not in seen[-1:]:
        status, headers, body = own.request("POST", SPEECH, {"text": "Hello there."})
        seen.append(status)
        if status == 503:
            assert headers["retry-after"] == "1"
            assert b'"engine_unavailable"' in body
        else:
            assert status == 200
    assert seen[-1] == 200
    assert 503 in seen


def test_a_stream_whose_engine_dies_is_cut_and_not_finished(own: RunningServer) -> None:
    connection = own.connect()
    body = (
        b'{"model_id": "eleven_flash_v2_5", "text": "' + b"A long sentence that goes on for a while. " * 500 + b'"}'
    )
    headers = {"xi-api-key": own.api_key, "content-type": "application/json"}
    connection.request("POST", f"{SPEECH}/stream?output_format=pcm_44100", body, headers)
    response = connection.getresponse()
    assert response.status == 200
    assert len(response.read(1000)) == 1000
    for pid in own.pids()["engine"]:
        os.kill(pid, signal.SIGKILL)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        response.read()
    connection.close()


def test_a_second_start_keeps_everything(tmp_path: Path) -> None:
    with running_server(tmp_path) as first:
        status, headers, audio = first.request("POST", SPEECH, {"text": "Remember me."})
        assert status == 200
        item = headers["history-item-id"]
    with running_server(tmp_path) as second:
        status, _, kept = second.request("GET", f"/v1/history/{item}/audio")
        assert (status, kept) == (200, audio)


def test_two_servers_on_one_directory_are_refused(own: RunningServer) -> None:
    directory = own.data_directory.parent
    second = spawn_server(directory, output_name="second")
    assert second.wait(20) != 0
    assert f"process {own.process.pid}" in (directory / "second").read_text()
    assert speaks(own)


def test_another_first_key_at_a_later_start_is_refused_with_an_explanation(tmp_path: Path) -> None:
    with running_server(tmp_path):
        pass
    process = spawn_server(tmp_path, key=TEST_KEY[::-1])
    assert process.wait(30) != 0
    said = (tmp_path / "output").read_text()
    assert "ECHOLESS_API_KEY" in said
    assert TEST_KEY[::-1] not in said


def test_the_first_key_goes_into_a_file_for_this_user_where_nobody_reads_along(tmp_path: Path) -> None:
    process = spawn_server(tmp_path, key="")
    server = wait_until_ready(process, tmp_path, key="")
    try:
        path = tmp_path / "data" / "first-api-key"
        assert path.stat().st_mode & 0o777 == 0o600
        assert str(path) in server.output()
        key = path.read_text().strip()
        assert key not in server.output()
        assert server.request("GET", "/v1/user", key=key)[0] == 200
    finally:
        server.stop()


STARTER = """
import sys, time
from pathlib import Path
from echoless.core.server_process import ServerProcess
with ServerProcess.start(Path(sys.argv[1]) / "data", Path(sys.argv[1]) / "output") as server:
    print(server.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.claim("Z19")
def test_a_server_that_an_audit_started_ends_when_the_audit_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert is_alive(pid)
        starter.kill()
    assert until(lambda: not is_alive(pid))


def test_a_taken_port_is_explained(own: RunningServer, tmp_path: Path) -> None:
    port = own.base_url.rpartition(":")[2]
    process = spawn_server(tmp_path / "other", "--port", port)
    assert process.wait(20) != 0
    assert f"port {port}" in (tmp_path / "other" / "output").read_text()


def test_the_first_words_name_the_address_the_key_and_a_line_to_try(own: RunningServer) -> None:
    said = own.output()
    assert f"serves at {own.base_url}" in said
    assert f"...{own.api_key[-4:]}" in said
    assert own.api_key not in said
    assert "curl" in said
    assert "Zero retention: full assurance on this host." in said
