"""The sample proxies pass everything on as it comes and keep nothing of it (C44, T11).

Each is run for real. A scripted server behind it decides when anything goes on, so that what is buffered shows as
something that did not arrive, and not as a time.
"""

from __future__ import annotations

import json
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.api.text_sockets import END, INIT, VOICE, rest_of, send
from tests.fakes.proxies import CADDY, NGINX, RunningProxy, Sample, running_proxy
from tests.fakes.running_server import RunningServer

pytestmark = pytest.mark.api
SAMPLES = (NGINX, CADDY)
BODY_MARK, QUERY_MARK, HEADER_MARK, ANSWER_MARK = (
    f"{name}-mark-71c0e4" for name in ("body", "query", "header", "answer")
)
MARKS = [mark.encode() for mark in (BODY_MARK, QUERY_MARK, HEADER_MARK, ANSWER_MARK)]
HALF_BYTES = 256 * 1024
_TIMEOUT_S = 10.0


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    if found.program() is None:
        pytest.skip(f"{found.name} is neither in this environment nor on the PATH: its sample was NOT tried")
    return found


class Upstream:
    """A server that a test plays by hand, one connection at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_TIMEOUT_S)
        self.connection: socket.socket | None = None

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def accept(self) -> socket.socket:
        self.connection, _address = self._listener.accept()
        self.connection.settimeout(_TIMEOUT_S)
        return self.connection

    def close(self) -> None:
        self._listener.close()
        if self.connection is not None:
            self.connection.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    played = Upstream()
    yield played
    played.close()


def client_of(proxy: RunningProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), _TIMEOUT_S)


def read_until(end: socket.socket, is_enough: Callable[[bytes], bool]) -> bytes:
    """Read until something is there; a buffer on the way shows as a time-out."""
    data = b""
    while not is_enough(data):
        piece = end.recv(65536)
        assert piece, f"the connection ended after {data[-200:]!r}"
        data += piece
    return data


def marked_head(content_bytes: int) -> bytes:
    return (
        f"POST /v1/text-to-speech/{VOICE}?enable_logging=false&{QUERY_MARK}=1 HTTP/1.1\r\n"
        f"host: speech.example.org\r\n"
        f"xi-api-key: {HEADER_MARK}\r\nreferer: http://{HEADER_MARK}/\r\nuser-agent: {HEADER_MARK}\r\n"
        f"content-type: application/json\r\ncontent-length: {content_bytes}\r\n\r\n"
    ).encode()


def marked(count: int) -> bytes:
    return (BODY_MARK.encode() * (count // len(BODY_MARK) + 1))[:count]


def play(proxy: RunningProxy, upstream: Upstream) -> dict[str, bytes]:
    """Send one marked request in halves and answer it in halves; return what was on disk in the middle of each."""
    with client_of(proxy) as client:
        client.sendall(marked_head(2 * HALF_BYTES) + marked(HALF_BYTES))
        server = upstream.accept()
        came = read_until(server, lambda data: data.count(b"-mark-") > HALF_BYTES // len(BODY_MARK) - 4000)
        head = came.partition(b"\r\n\r\n")[0].lower()
        written = proxy.written()
        client.sendall(marked(HALF_BYTES))
        rest = 2 * HALF_BYTES - (len(came) - len(head) - 4)
        while rest:
            rest -= len(server.recv(min(rest, 65536)))
        assert f"xi-api-key: {HEADER_MARK}".encode() in head
        server.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n")
        piece = ANSWER_MARK.encode() * 200
        server.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        read_until(client, lambda data: ANSWER_MARK.encode() * 200 in data)
        written |= proxy.written()
        server.sendall(b"0\r\n\r\n")
        read_until(client, lambda data: data.endswith(b"0\r\n\r\n"))
    return written


def marks_in(written: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [(name, mark) for name, data in written.items() for mark in MARKS if mark in data]


def test_a_body_and_an_answer_pass_as_they_come_and_are_never_in_a_file(
    sample: Sample, upstream: Upstream, tmp_path: Path
) -> None:
    """C44: half of each has arrived while the other half has not been sent; nothing is on disk then or later."""
    with running_proxy(sample, upstream.port, tmp_path / "proxy") as proxy:
        assert not marks_in(play(proxy, upstream))
        assert not marks_in(proxy.written())


def test_a_client_that_reads_nothing_fills_no_file(sample: Sample, upstream: Upstream, tmp_path: Path) -> None:
    """T11: an answer that nobody takes waits at the server, not in a proxy's file."""
    with running_proxy(sample, upstream.port, tmp_path / "proxy") as proxy, client_of(proxy) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(marked_head(0))
        server = upstream.accept()
        read_until(server, lambda data: b"\r\n\r\n" in data)
        size = 64 * 1024 * 1024
        server.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: %d\r\n\r\n" % size)
        server.settimeout(1.0)
        sent_bytes, piece = 0, ANSWER_MARK.encode() * 3000
        with pytest.raises(TimeoutError):
            while sent_bytes < size:
                sent_bytes += server.send(piece)
        assert sent_bytes < size // 2
        assert not marks_in(proxy.written())


def test_a_server_that_breaks_off_or_is_gone_leaves_no_word_of_the_request(
    sample: Sample, upstream: Upstream, tmp_path: Path
) -> None:
    """T1: a proxy's own errors quote the request unless they are told not to; nothing is sent a second time."""
    with running_proxy(sample, upstream.port, tmp_path / "proxy") as proxy:
        with client_of(proxy) as client:
            body = marked(1000)
            client.sendall(marked_head(len(body)) + body)
            server = upstream.accept()
            read_until(server, lambda data: data.endswith(body))
            server.close()
            assert read_until(client, lambda data: b"\r\n\r\n" in data).split()[1] == b"502"
        upstream._listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            upstream.accept()
        upstream.close()
        with client_of(proxy) as client:
            client.sendall(marked_head(len(body)) + body)
            assert read_until(client, lambda data: b"\r\n\r\n" in data).split()[1] == b"502"
        assert not marks_in(proxy.written())


@pytest.mark.parametrize("spoilt", SAMPLES, ids=lambda spoilt: spoilt.name)
def test_a_proxy_that_keeps_something_is_caught(spoilt: Sample, upstream: Upstream, tmp_path: Path) -> None:
    """The control: the same search finds the body, or the query, when the directives are taken out."""
    if spoilt.program() is None:
        pytest.skip(f"{spoilt.name} is neither in this environment nor on the PATH: its control was NOT tried")
    with running_proxy(spoilt, upstream.port, tmp_path / "proxy", is_spoilt=True) as proxy:
        with client_of(proxy) as client:
            client.sendall(marked_head(2 * HALF_BYTES) + marked(HALF_BYTES))
            if spoilt is NGINX:
                assert comes_to_disk(proxy, BODY_MARK)
            else:
                upstream.accept().close()
        assert comes_to_disk(proxy, QUERY_MARK)


def comes_to_disk(proxy: RunningProxy, mark: str) -> bool:
    """Wait for a mark in what a proxy wrote."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline_s:
        if mark.encode() in {found for _, found in marks_in(proxy.written())}:
            return True
        time.sleep(0.05)
    return False


def test_metrics_are_not_shown_to_the_world(sample: Sample, upstream: Upstream, tmp_path: Path) -> None:
    with running_proxy(sample, upstream.port, tmp_path / "proxy") as proxy, client_of(proxy) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nhost: speech.example.org\r\n\r\n")
        assert read_until(client, lambda data: b"\r\n\r\n" in data).split()[1] == b"404"


def test_speech_and_sockets_of_a_real_server_go_through(
    sample: Sample, server: RunningServer, tmp_path: Path
) -> None:
    port = urllib.parse.urlsplit(server.base_url).port
    assert port is not None
    with running_proxy(sample, port, tmp_path / "proxy") as proxy:
        through = RunningServer(
            proxy.address, server.api_key, server.data_directory, server.process, server.output_path
        )
        text = {"text": BODY_MARK, "model_id": "eleven_flash_v2"}
        status, headers, audio = through.request(
            "POST", f"/v1/text-to-speech/{VOICE}?enable_logging=false&output_format=pcm_16000", text
        )
        assert (status, headers["x-echoless-retention"]) == (200, "zero")
        assert len(audio) > 10_000
        address = f"ws://127.0.0.1:{proxy.port}/v1/text-to-speech/{VOICE}/stream-input?enable_logging=false"
        with connect(address, additional_headers={"xi-api-key": server.api_key}, max_size=None) as opened:
            send(opened, INIT, {"text": f"{BODY_MARK}. "}, END)
            heard = rest_of(opened)
        assert (heard.close_code, heard.headers["x-echoless-retention"]) == (1000, "zero")
        assert json.loads(through.request("GET", "/ready", key=None)[2])["status"] == "ready"
        written = proxy.written()
        assert not marks_in(written)
        assert not [
            name for name, data in written.items() if b"enable_logging" in data and b"/output" in name.encode()
        ]
        assert not [name for name, data in written.items() if VOICE.encode() in data]
