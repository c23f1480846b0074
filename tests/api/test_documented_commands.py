"""What FAQ.md, TRANSPARENCY_LOG.md and OPERATIONS.md say can be typed is typed here, and answers as they say."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from echoless.vault.backups.age_keys import identity_file, new_identity, recipient_of
from tests.fakes.documents import Shown, fits, run, shown_in
from tests.fakes.running_server import RunningServer, running_server
from tests.house.sources import ROOT

pytestmark = pytest.mark.api
TIMEOUT_S = 120.0


@dataclass
class Reader:
    """Somebody who reads the documents at a shell.

    environment: the variables that the documents ask for
    """

    server: RunningServer
    directory: Path
    environment: dict[str, str]

    def follows(self, document: str) -> None:
        """Type every block of a document, in order, and compare the answers."""
        blocks = shown_in(ROOT / "docs" / document)
        assert blocks
        answers = run(blocks, self.directory, self.environment, TIMEOUT_S)
        wrong = [
            _told(block, answer) for block, answer in zip(blocks, answers, strict=True) if not _holds(block, answer)
        ]
        assert not wrong, "\n".join(wrong)


def _holds(block: Shown, answer: str) -> bool:
    return block.expected is None or fits(answer, block.expected)


def _told(block: Shown, answer: str) -> str:
    return f"line {block.line} answers\n{answer}in place of\n{block.expected}"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: the documents' commands were NOT tried")
    identity = new_identity()
    (tmp_path / "identity").write_bytes(identity_file(identity, "today"))
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "echoless"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m echoless "$@"\n')
    command.chmod(0o700)
    (tmp_path / "desk").mkdir()
    settings = {"ECHOLESS_BACKUP_RECIPIENTS": str(recipient_of(identity)), "ECHOLESS_BACKUP_INTERVAL_HOURS": "0"}
    with running_server(tmp_path, "--engines", "1", "--gateways", "1", variables=settings) as server:
        environment = settings | {
            "URL": server.base_url, "ECHOLESS_API_KEY": server.api_key, "ECHOLESS_DATA": str(server.data_directory),
            "BACKUP_IDENTITY": str(tmp_path / "identity"), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
            "PATH": f"{command.parent}:{os.environ['PATH']}",
        }  # fmt: skip
        yield Reader(server, tmp_path / "desk", environment)


def test_every_answer_is_what_the_server_does(reader: Reader) -> None:
    """The questions first, while the server runs; then the operator's chores, once it has been stopped."""
    reader.follows("FAQ.md")
    reader.follows("TRANSPARENCY_LOG.md")
    reader.server.process.send_signal(signal.SIGTERM)
    assert reader.server.process.wait(30) == 0
    reader.follows("OPERATIONS.md")


def test_an_answer_that_differs_is_seen() -> None:
    """The control of the comparison."""
    assert fits("a\nb\nc\n", "a\n…\nc\n")
    assert fits("403\n", "403\n")
    assert not fits("200\n", "403\n")
    assert not fits("a\nc\nx\n", "a\n…c\n")
    assert not fits("403\n", "4.3\n")


def test_a_command_that_fails_is_named_by_its_line(tmp_path: Path) -> None:
    document = tmp_path / "x.md"
    document.write_text("# X\n\n```sh\ntrue\n```\n\n```sh\nfalse | true\n```\n")
    with pytest.raises(AssertionError, match="line 7"):
        run(shown_in(document), tmp_path, {"PATH": os.environ["PATH"]}, 10.0)
