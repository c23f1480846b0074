"""What the interpreter needs for reading, and what a profile may never name."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths

pytestmark = pytest.mark.unit


def test_readable_paths_hold_the_package_and_never_home_or_the_working_directory() -> None:
    paths = {Path(path).resolve() for path in interpreter_paths()}
    assert not paths & {Path("/"), Path.home().resolve(), Path.cwd().resolve(), Path("/etc"), Path("/tmp")}
    package = Path(__file__).parents[3] / "src" / "echoless"
    assert package in paths


def test_only_the_vault_writes() -> None:
    with pytest.raises(AssertionError):
        SandboxProfile(Role.ENGINE, writable=("/tmp",))


def test_only_who_connects_names_ports() -> None:
    for role in Role:
        with pytest.raises(AssertionError):
            SandboxProfile(role, connect_ports=() if role.connects else (443,))
