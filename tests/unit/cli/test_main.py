"""The whole command, run as a user runs it: its exit status and where it speaks."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


def echoless(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("ECHOLESS_")}
    return subprocess.run(
        [sys.executable, "-m", "echoless", *words],
        env=surroundings | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_names_every_command() -> None:
    done = echoless("--help", COLUMNS="200")
    assert done.returncode == 0
    for command in ("serve", "doctor", "config", "workspace", "key", "voices", "audit", "bench"):
        assert f" {command} " in done.stdout


def test_the_version_is_told() -> None:
    done = echoless("--version")
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert (done.returncode, done.stdout) == (0, f"echoless {project['version']}\n")


@pytest.mark.parametrize(
    "words",
    [["serve", "--host", "0.0.0.0"], ["serve", "--assurance", "maybe"], ["config", "check", "--config", "none"]],
)
def test_a_wrong_configuration_ends_with_2_and_no_traceback(words: list[str], tmp_path: Path) -> None:
    done = echoless(*words, HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".local").exists()


def test_a_failure_ends_with_1(tmp_path: Path) -> None:
    done = echoless("workspace", "list", "--data", str(tmp_path / "absent"))
    assert (done.returncode, done.stdout) == (1, "")


def test_the_command_loads_nothing_that_starts_threads_or_holds_much() -> None:
    program = (
        "import sys, echoless.cli.main; print(sorted({'numpy', 'matplotlib', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", "the supervisor is this process: its wall is entered with one thread"
