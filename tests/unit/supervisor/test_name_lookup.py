"""The program that looks one name up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from echoless.supervisor import name_lookup

pytestmark = pytest.mark.unit


def run(name: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", str(Path(name_lookup.__file__))]
    return subprocess.run(command, input=name, capture_output=True, timeout=20, check=False)


def test_addresses_come_one_a_line() -> None:
    finished = run(b"127.0.0.1")
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, b"127.0.0.1\n", b"")


def test_a_name_without_an_address_gives_no_line_and_no_words() -> None:
    """C26: not even an error may say the name."""
    for name in (b"secret.invalid", b"", b"\xff\xfe", b"a" * 5000):
        finished = run(name)
        assert (finished.returncode, finished.stdout, finished.stderr) == (1, b"", b"")
