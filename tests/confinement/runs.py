"""Starts the programs of this folder as real processes with the allocator profile, and reads their JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT

HERE = Path(__file__).parent


def run(program: str, *arguments: str, environment: dict[str, str] | None = None) -> Any:
    """Run a program of this folder to its end and return what it printed as JSON."""
    finished = subprocess.run(
        [sys.executable, str(HERE / program), *arguments],
        env=process_environment() if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr.decode(errors="replace")
    return json.loads(finished.stdout)


def process_environment() -> dict[str, str]:
    """Return this environment with the allocator profile."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return kept | dict(ALLOCATOR_ENVIRONMENT) | {"PYTHONDONTWRITEBYTECODE": "1"}


@cache
def acts_in(mode: str, directory: str, role: str = "gateway") -> dict[str, int]:
    """Perform every act of a role in one mode; each act has a process of its own."""
    result: dict[str, int] = run("acts.py", role, mode, directory)
    return result
