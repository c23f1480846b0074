"""The wall of a process is seen from outside as it is (C36)."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from echoless.audit.search import wall_facts as module
from echoless.audit.search.wall_facts import WallFacts, wall_facts
from echoless.core.processes import ProcessIdentity, family_of

pytestmark = pytest.mark.unit
_HOLDER = """
import ctypes, os, resource, signal, sys, time
libc = ctypes.CDLL(None)
for how in sys.argv[1:]:
    if how == "core":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    elif how == "soft core":
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    elif how == "size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    elif how == "hidden":
        libc.prctl(4, 0, 0, 0, 0)
    elif how == "other user":
        os.setuid(65534)
        libc.prctl(4, 1, 0, 0, 0)
    elif how == "filter":
        import struct
        program = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0x7FFF0000))
        libc.prctl(38, 1, 0, 0, 0)
        libc.prctl(22, 2, struct.pack("=HxxxxxxQ", 1, ctypes.addressof(program)), 0, 0)
os.write(1, b"ready")
time.sleep(60)
"""


@contextmanager
def _holding(*how: str) -> Iterator[ProcessIdentity]:
    with subprocess.Popen([sys.executable, "-c", _HOLDER, *how], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.read(5) == b"ready"
        yield family_of(process.pid)[0]
        process.kill()


def _facts(*how: str) -> WallFacts:
    with _holding(*how) as process:
        (facts,) = wall_facts([process])
        return facts


def test_a_process_without_a_wall_has_none() -> None:
    facts = _facts()
    assert (facts.is_filtered, facts.has_size_limit, facts.is_readable) == (False, False, True)
    assert facts.swap_kib == 0


def test_each_property_is_seen() -> None:
    assert _facts("core").has_core_limit
    assert _facts("size").has_size_limit
    assert _facts("filter").is_filtered


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] == 0, reason="this user's own limit is 0")
def test_a_limit_that_can_be_raised_again_is_none() -> None:
    assert not _facts("soft core").has_core_limit


def test_a_process_that_hides_is_told_from_one_that_does_not() -> None:
    assert _facts("hidden").is_readable is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_is_asked_as_that_user() -> None:
    assert _facts("other user").is_readable is True
    assert _facts("other user", "hidden").is_readable is False


def test_what_could_not_be_tried_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ASKING", "raise SystemExit(1)")
    assert _facts().is_readable is None


def test_who_has_ended_is_left_out() -> None:
    assert wall_facts([ProcessIdentity(0x7FFF_FFF0, 1, "engine")]) == []
