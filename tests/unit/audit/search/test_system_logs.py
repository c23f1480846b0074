"""The system's own logs are searched (C24, T27): what is planted there must be found."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search import system_logs
from echoless.audit.search.needles import text_needles
from echoless.audit.search.system_logs import scan_system_logs

pytestmark = pytest.mark.unit


@pytest.fixture
def canary() -> Canary:
    return CanaryMint().plain("it", 300, is_kept=False)


@pytest.fixture(autouse=True)
def no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_logs.shutil, "which", lambda _program: None)


def _found(canary: Canary, place: Path, since: float = 0.0) -> set[str]:
    return {hit.where for hit in scan_system_logs(text_needles([canary]), since, [place]).hits}


def test_files_that_were_written_since_are_searched(tmp_path: Path, canary: Canary) -> None:
    assert _found(canary, tmp_path) == set()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "syslog").write_text(canary.text)
    assert _found(canary, tmp_path) == {f"a log in {tmp_path}"}
    assert _found(canary, tmp_path, time.time() + 5) == set()


def test_the_journal_is_read_by_its_own_program(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "journalctl"
    program.write_text(f"#!/bin/sh\necho 'MESSAGE={canary.words[0]}' $*\n")
    program.chmod(0o700)
    monkeypatch.setattr(system_logs.shutil, "which", lambda _program: str(program))
    assert _found(canary, tmp_path / "none") == {"the system's journal"}
    program.write_text("#!/bin/sh\nexit 1\n")
    scan = scan_system_logs(text_needles([canary]), 0.0, [])
    assert "the system's journal: CalledProcessError" in scan.unsearched


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel's log is root's to write")
def test_the_kernels_log_is_searched(tmp_path: Path, canary: Canary) -> None:
    with open("/dev/kmsg", "wb", buffering=0) as log:
        log.write(b"<7>echoless test: " + canary.words[0].encode() + b"\n")
    assert _found(canary, tmp_path) == {"the kernel's log"}


def test_what_cannot_be_read_is_said(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_logs, "_KERNEL_LOG", Path("/proc/none"))
    scan = scan_system_logs(text_needles([canary]), 0.0, [])
    assert scan.unsearched == ("the kernel's log: No such file or directory",)
