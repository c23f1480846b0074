"""`echoless health`: asks the server that the data directory names, and says what it said."""

from __future__ import annotations

import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from echoless.core.server_process import LOCK_NAME
from echoless.supervisor.certificates import self_signed_pair
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


class Answering(BaseHTTPRequestHandler):
    """Answers every path from a table."""

    answers: dict[str, tuple[int, bytes]]

    def do_GET(self) -> None:
        status, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def answering(
    directory: Path, context: ssl.SSLContext | None = None, **answers: tuple[int, object]
) -> Iterator[None]:
    """A server that the lock of a directory names; answers by path without its slash."""
    table = {f"/{name}": (status, json.dumps(body).encode()) for name, (status, body) in answers.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Answering,), {"answers": table}))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    (directory / LOCK_NAME).write_text(json.dumps({"pid": os.getpid(), "url": url}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_lives_is_said_to(run: Run, tmp_path: Path) -> None:
    with answering(tmp_path, health=(200, {"status": "ok", "engines": 2})):
        result = run("health")
    assert (result.exit_code, result.stdout) == (0, "ok\n")


def test_reasons_and_limits_are_shown(run: Run, tmp_path: Path) -> None:
    with answering(tmp_path, ready=(503, {"status": "not_ready", "reasons": ["draining"], "limits": ["no_x"]})):
        result = run("health", "--ready")
    assert (result.exit_code, result.stdout) == (1, "not_ready: draining, no_x\n")


def test_a_limit_alone_is_no_failure(run: Run, tmp_path: Path) -> None:
    with answering(tmp_path, ready=(200, {"status": "ready", "reasons": [], "limits": ["no_live_engine"]})):
        result = run("health", "--ready")
    assert (result.exit_code, result.stdout) == (0, "ready: no_live_engine\n")


@pytest.mark.parametrize("answer", [[], "text", {"status": 5, "reasons": None}])
def test_an_answer_that_is_none_of_ours_is_no_traceback(run: Run, tmp_path: Path, answer: object) -> None:
    with answering(tmp_path, health=(500, answer)):
        result = run("health")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_where_no_server_runs_it_is_said(run: Run, tmp_path: Path) -> None:
    result = run("health")
    assert (result.exit_code, result.stdout) == (1, f"no server runs on {tmp_path}\n")


def test_the_lock_of_a_server_that_is_gone_names_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text(json.dumps({"pid": 2**22 + 1, "url": "http://127.0.0.1:1"}))
    assert run("health").exit_code == 1


def test_a_server_that_does_not_answer_is_waited_for_as_long_as_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text(json.dumps({"pid": os.getpid(), "url": "http://127.0.0.1:1"}))
    result = run("health", "--wait", "0.1")
    assert (result.exit_code, result.stdout) == (1, "the server at http://127.0.0.1:1 does not answer\n")


def test_over_tls_only_the_servers_own_certificate_counts(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own, key), (other, other_key) = (self_signed_pair(tmp_path / name, "localhost") for name in ("own", "other"))
    monkeypatch.setenv("ECHOLESS_TLS_CERT", str(own))
    monkeypatch.setenv("ECHOLESS_TLS_KEY", str(key))
    for certificate, private, expected in ((own, key, 0), (other, other_key, 1)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, private)
        with answering(tmp_path, context, health=(200, {"status": "ok"})):
            assert run("health").exit_code == expected
