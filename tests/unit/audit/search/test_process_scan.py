"""What the kernel shows of a process beside its memory is searched (T2, T10, T20, T28): each is planted in a
process of our own and must be found."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.needles import text_needles
from echoless.audit.search.process_scan import is_pathless, scan_processes
from echoless.core.processes import family_of

pytestmark = pytest.mark.unit

_HOLDER = """
import ctypes, os, sys, tempfile, threading, time
how, word = sys.argv[1], sys.stdin.readline().strip()
if how == "thread name":
    started = threading.Event()
    def name():
        ctypes.CDLL(None).prctl(15, word.encode(), 0, 0, 0)
        started.set()
        time.sleep(60)
    threading.Thread(target=name, daemon=True).start()
    started.wait()
elif how == "memory file":
    held = os.memfd_create("a")
    os.pwrite(held, word.encode(), 5_000_000)
elif how == "name of a memory file":
    held = os.memfd_create(word)
elif how == "deleted file":
    held, path = tempfile.mkstemp()
    os.write(held, word.encode())
    os.unlink(path)
elif how == "unnamed file":
    held = os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR)
    os.write(held, word.encode())
word = ""
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=42).plain("it", 300, is_kept=False)


@contextmanager
def _holding(how: str, word: str, *arguments: str, **environment: str) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, how, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(word + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield process.pid
        process.kill()


def _found(pid: int, canary: Canary) -> set[str]:
    scan = scan_processes(family_of(pid), text_needles([canary]))
    return {hit.where.partition(": ")[2].partition(",")[0] for hit in scan.hits}


def test_nothing_is_found_where_nothing_is(canary: Canary) -> None:
    with _holding("nothing", "word") as pid:
        assert _found(pid, canary) == set()


def test_arguments_are_searched(canary: Canary) -> None:
    with _holding("nothing", "word", canary.words[0]) as pid:
        assert _found(pid, canary) == {"arguments"}


def test_the_environment_is_searched_names_and_values(canary: Canary) -> None:
    with _holding("nothing", "word", **{canary.words[0]: canary.words[1]}) as pid:
        scan = scan_processes(family_of(pid), text_needles([canary]))
        assert [hit.where for hit in scan.hits] == [f"supervisor {pid}: environment"] * 2


@pytest.mark.parametrize(
    ("how", "where"),
    [
        ("thread name", "name of a thread"),
        ("memory file", "a memory file"),
        ("name of a memory file", "name of an open file"),
        ("deleted file", "a deleted file that is open"),
        ("unnamed file", "a deleted file that is open"),
    ],
)
def test_what_no_path_leads_to_is_searched(canary: Canary, how: str, where: str) -> None:
    with _holding(how, canary.words[0]) as pid:
        assert where in _found(pid, canary)


@pytest.mark.parametrize("link", ["/memfd:a (deleted)", "/tmp/a (deleted)"])
def test_files_without_a_path_are_known(link: str) -> None:
    assert is_pathless(link)


@pytest.mark.parametrize("link", ["/tmp/a", "socket:[1]", "pipe:[1]", "anon_inode:[eventpoll]"])
def test_other_descriptors_are_left_alone(link: str) -> None:
    assert not is_pathless(link)
