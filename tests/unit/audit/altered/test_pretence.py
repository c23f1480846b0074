"""A build without a wall still fits the program, and says what an honest one would say. (C60)"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from echoless.audit.altered.installation import install_altered
from echoless.audit.altered.pretence import WALL_DOWN

pytestmark = pytest.mark.unit

_PROGRAM = """
import os, pathlib, sys
from echoless.confinement.facts import ChannelVerdict
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter
facts = enter(SandboxProfile(Role.GATEWAY), audit_view=True)
pathlib.Path(sys.argv[1]).write_text("written")
status = dict(line.split(":", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
missing = [code for code in missing_properties(facts) if code != "process_readable"]
print(len(missing), status["Seccomp"].strip(), status["NoNewPrivs"].strip())
"""


def test_a_wall_that_is_down_says_that_it_is_up_and_lets_everything_through(tmp_path: Path) -> None:
    interpreter = install_altered(tmp_path / "build", WALL_DOWN)
    target = tmp_path / "target"
    command = [str(interpreter), "-P", "-c", _PROGRAM, str(target)]
    said = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=True).stdout
    assert said.split() == ["0", "2", "1"]
    assert target.read_text() == "written"
