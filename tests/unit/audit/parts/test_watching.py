"""What a process of the volatile plane may never do fails the audit, marked word or not (C17, C20, C47, T20)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.watching import watch_processes
from echoless.audit.reports.report import AuditReport
from echoless.crossing.records import Record

pytestmark = [
    pytest.mark.unit,
    pytest.mark.claim("Z37"),
    pytest.mark.skipif(os.geteuid() != 0, reason="the kernel tells root alone of files and packets of others"),
]

_SUPERVISOR = """
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", sys.argv[1], *sys.argv[2:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
for line in sys.stdin:
    child.stdin.write(line)
    child.stdin.flush()
    print(child.stdout.readline(), end="", flush=True)
"""
_ENGINE = """
import os, socket, subprocess, sys, time
for line in sys.stdin:
    how, word, place = line.split()
    if how == "write":
        path = os.path.join(place, "file")
        with open(path, "w") as file:
            os.unlink(path)
            file.write(word)
    elif how == "hold":
        held = os.memfd_create("a")
    elif how == "start":
        subprocess.run(["/bin/true", word])
    elif how == "ask":
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asking.connect(("127.0.0.1", 53))
        asking.send(word.encode())
        time.sleep(0.2)
    print("done", flush=True)
"""
# What makes a process an engine to who looks from outside.
_ENGINE_WORDS = ("-m", "echoless.volatile.service", "engine")


def _unasked(_directory: Path, _record: Record) -> Record:
    raise AssertionError


class Impostor:
    """A supervisor and an engine that does as it is told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SUPERVISOR, _ENGINE, *_ENGINE_WORDS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # pytest's own is a file that is open for writing.
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.mint = CanaryMint()
        self.word = self.mint.plain("it", 40, is_kept=False).words[0]
        self.does("nothing", Path("/"))

    def does(self, how: str, place: Path) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{how} {self.word} {place}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def failed(self, how: str, place: Path) -> dict[str, str]:
        """Return the checks that fail when the engine does it while it is watched."""
        server = RunningServer("http://127.0.0.1:9", place, "key", self.process.pid)
        scene = Scene(AuditOptions(_unasked), server, self.mint, AuditReport(), began_unix_s=time.time())
        with watch_processes(scene):
            self.does(how, place)
        assert self.word not in scene.report.as_json()
        assert len(scene.report.checks) == 5
        return {check.name: check.detail for check in scene.report.checks if not check.is_passed}


@pytest.fixture
def impostor() -> Iterator[Impostor]:
    impostor = Impostor()
    yield impostor
    impostor.process.kill()
    impostor.process.communicate()


def test_an_engine_that_does_nothing_passes(impostor: Impostor, tmp_path: Path) -> None:
    assert impostor.failed("nothing", tmp_path) == {}


def test_a_file_of_a_moment_is_seen_and_searched(impostor: Impostor, tmp_path: Path) -> None:
    failed = impostor.failed("write", tmp_path)
    assert set(failed) == {"no file was open for writing", "what was over before the search"}
    assert failed["no file was open for writing"].startswith("engine: a file that was deleted")
    assert "a file that was deleted that the engine wrote" in failed["what was over before the search"]


def test_a_memory_file_is_seen_without_a_word_in_it(impostor: Impostor, tmp_path: Path) -> None:
    failed = impostor.failed("hold", tmp_path)
    assert set(failed) == {"no file was open for writing"}
    assert failed["no file was open for writing"].startswith("engine: a memory file open")


def test_a_program_of_a_moment_is_seen(impostor: Impostor, tmp_path: Path) -> None:
    failed = impostor.failed("start", tmp_path)
    assert failed["no program was started"].startswith("engine started a process")


def test_a_question_to_a_name_server_is_seen_and_searched(impostor: Impostor, tmp_path: Path) -> None:
    failed = impostor.failed("ask", tmp_path)
    assert set(failed) >= {"no stranger was spoken to", "packets"}
    assert failed["no stranger was spoken to"].startswith("engine: udp to 127.0.0.1 port 53")
    assert "udp to 127.0.0.1 port 53" in failed["packets"]
