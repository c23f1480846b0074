"""A log is read from a server or from a copy; a copy's files are whole or not there."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from echoless.cli import log_files
from echoless.cli.log_files import newest_note, put_durably, read_object, witnesses_of
from echoless.core.errors import EcholessError
from tests.unit.cli.test_proofs import write_log
from tests.unit.receipts.test_checkpoint import VERIFIER, WITNESS

pytestmark = pytest.mark.unit


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A web server that serves a copy of a log, as anybody's does."""
    write_log(tmp_path / "site/v1/transparency-log", 300)
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/"
        serving.shutdown()
        thread.join()


def test_any_web_server_serves_a_log(server: str) -> None:
    with log_files.log_files(server, None) as fetch:
        assert newest_note(fetch).split("\n")[1] == "300"
        assert len(fetch("tile/0/000") or b"") == 256 * 32
        assert fetch("tile/0/999") is None


def test_a_log_is_named_once(tmp_path: Path) -> None:
    for url, folder in ((None, None), ("http://127.0.0.1:9", tmp_path)):
        with pytest.raises(EcholessError), log_files.log_files(url, folder):
            pass


def test_a_server_that_is_away_says_so() -> None:
    with log_files.log_files("http://127.0.0.1:9", None) as fetch, pytest.raises(EcholessError, match="reached"):
        fetch("checkpoint")


def test_a_file_that_cannot_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_durably(tmp_path, "tile/0/000", b"first")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(log_files.os, "fsync", fail)
    with pytest.raises(EcholessError, match="no space"):
        put_durably(tmp_path, "tile/0/000", b"second")
    assert (tmp_path / "tile/0/000").read_bytes() == b"first"


def test_only_a_witness_is_a_witness() -> None:
    assert witnesses_of([WITNESS.text]) == [WITNESS]
    with pytest.raises(EcholessError):
        witnesses_of([VERIFIER.text])


@pytest.mark.parametrize("text", ["", "[]", "{", "no"])
def test_what_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(EcholessError):
        read_object(tmp_path / "file")
    with pytest.raises(EcholessError):
        read_object(tmp_path / "missing")


class Endless(Quiet):
    """Answers with more than it was asked for: for ever, ever so slowly, or packed."""

    def do_GET(self) -> None:
        self.send_response(200)
        if "packed" in self.path:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with contextlib.suppress(OSError):
            while "packed" not in self.path:
                self.wfile.write(bytes(1 if "slow" in self.path else 1 << 20))


@pytest.mark.parametrize(
    ("path", "told"),
    [("endless", "longer than any file"), ("slow", "was not there after"), ("packed", "compressed")],
)
def test_a_server_whose_answer_never_ends_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, told: str
) -> None:
    monkeypatch.setattr(log_files, "_FILE_S", 0.2)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Endless, directory=str(tmp_path))) as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{serving.server_port}"
        with log_files.log_files(url, None) as fetch, pytest.raises(EcholessError, match=told):
            fetch(path)
        serving.shutdown()
        thread.join()


def test_an_address_that_is_none_is_a_server_that_is_away() -> None:
    with log_files.log_files("http://[::1", None) as fetch, pytest.raises(EcholessError, match="reached"):
        fetch("checkpoint")


def test_a_file_that_is_nested_without_end_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text('{"keys":' + "[" * 100_000)
    with pytest.raises(EcholessError, match="no JSON object"):
        read_object(tmp_path / "deep")


def test_a_folder_that_is_not_there_is_no_log_that_lies(tmp_path: Path) -> None:
    with (
        pytest.raises(EcholessError, match="is no folder"),
        log_files.log_files(None, tmp_path / "elsewhere"),
    ):
        pass


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EcholessError, match=r"cannot write .*file/checkpoint: File exists"):
        put_durably(tmp_path / "file", "checkpoint", b"note")
