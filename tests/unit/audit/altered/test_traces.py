"""What planted leaks leave behind is taken away, and nothing else. (C60)"""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from echoless.audit.altered import traces
from echoless.audit.altered.spilling import MARK, SHARED_KEY
from echoless.audit.altered.traces import remove_traces

pytestmark = pytest.mark.unit

_CREATE = 0o1600


def test_files_that_carry_the_mark_are_removed_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "_PLACES", (tmp_path,))
    marked, other = tmp_path / f"{MARK}-7", tmp_path / "other"
    for path in (marked, other):
        path.touch()
    remove_traces()
    assert (marked.exists(), other.exists()) == (False, True)


def test_the_segment_of_the_leak_is_removed() -> None:
    libc = ctypes.CDLL(None)
    if libc.shmget(SHARED_KEY, 4096, _CREATE) < 0:
        pytest.skip("no System V shared memory here")
    remove_traces()
    assert libc.shmget(SHARED_KEY, 0, 0) < 0
