"""What a process starts is seen with its arguments, and what threads call themselves (T2, T20)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from echoless.audit.search import family_watch
from echoless.audit.search.family_watch import FamilyWatch
from echoless.audit.search.watcher import watching

pytestmark = pytest.mark.unit


def _is_told() -> bool:
    watch = FamilyWatch(os.getpid())
    watch.close()
    return watch.is_told


needs_word = pytest.mark.skipif(not _is_told(), reason="this kernel tells root alone of processes")

_ACTOR = """
import ctypes, os, subprocess, sys, time
for line in sys.stdin:
    how, word = line.split()
    if how == "start":
        held = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)", word])
    elif how == "brief":
        subprocess.run(["/bin/true", word])
    elif how == "fork":
        if os.fork() == 0:
            os._exit(0)
        os.wait()
    elif how == "name":
        ctypes.CDLL(None).prctl(15, word.encode(), 0, 0, 0)
        ctypes.CDLL(None).prctl(15, b"python", 0, 0, 0)
    elif how == "end":
        held.kill()
        held.wait()
    print("done", flush=True)
"""


class Actor:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ACTOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def does(self, how: str, word: str = "nothing") -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{how} {word}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@pytest.fixture
def actor() -> Iterator[Actor]:
    actor = Actor()
    actor.does("nothing")
    yield actor
    actor.process.kill()
    actor.process.communicate()


def _await(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread sees of another process."""
    deadline_s = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline_s:
        time.sleep(0.01)


def test_a_quiet_process_starts_nothing(actor: Actor) -> None:
    watch = FamilyWatch(actor.process.pid)
    with watching([watch]):
        actor.does("nothing")
    assert watch.started == {}
    assert watch.role(actor.process.pid) == "supervisor"
    assert watch.role(os.getpid()) is None


@needs_word
@pytest.mark.parametrize("how", ["brief", "fork"])
def test_the_shortest_life_is_seen(actor: Actor, how: str) -> None:
    watch = FamilyWatch(actor.process.pid)
    with watching([watch]):
        actor.does(how, "qqq-marked")
    (started,) = watch.started.values()
    assert started.parent == "supervisor"
    assert watch.lost_count == 0


def test_arguments_of_what_was_started_are_seen_told_or_not(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for is_told in (True, False):
        if not is_told:
            monkeypatch.setattr(family_watch, "_listening", lambda: None)
        watch = FamilyWatch(actor.process.pid)
        with watching([watch], interval_s=0.11):
            actor.does("start", "qqq-marked")
        assert [b"qqq-marked" in started.shown for started in watch.started.values()] == [True]
        assert watch.role(next(iter(watch.started))) == "supervisor"
        actor.does("end")


def test_who_has_ended_is_known_for_a_moment_only(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    watch = FamilyWatch(actor.process.pid)
    with watching([watch], interval_s=0.11):
        actor.does("start", "word")
        _await(lambda: bool(watch.started))
        (child,) = watch.started
        actor.does("end")
        _await(lambda: child not in watch.roles)
    assert child not in watch.roles, "its number may be another's"
    assert watch.role(child) == "supervisor", "what it did last is told after it has gone"
    monkeypatch.setattr(family_watch, "_ENDED_COUNTS_S", 0.0)
    assert watch.role(child) is None


@needs_word
def test_a_name_of_a_moment_is_seen(actor: Actor) -> None:
    watch = FamilyWatch(actor.process.pid)
    with watching([watch]):
        actor.does("name", "qqq-marked")
    assert b"qqq-marked" in [name for _, name in watch.names]


def test_a_refusal_is_heard(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    monkeypatch.setattr(family_watch, "_is_granted", lambda _socket: False)
    watch = FamilyWatch(actor.process.pid)
    assert (watch.is_told, watch.descriptor()) == (False, None)
