"""Entering as the supervisor: attributes and facts, no wall and no probe.

The other roles are in tests/confinement.
"""

from __future__ import annotations

import json
import os

import pytest

from echoless.confinement.facts import SandboxFacts
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.sandbox import enter

pytestmark = pytest.mark.unit


def _entered_in_a_fork() -> dict[str, bool]:
    """Enter in a child: dumpable and the core limit do not come back."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        facts: SandboxFacts = enter(SandboxProfile(Role.SUPERVISOR), audit_view=False)
        answer = {
            "no core": facts.limits.core_size_is_zero,
            "readable": facts.limits.is_dumpable,
            "no new privileges": facts.limits.has_no_new_privileges,
            "file size zero": facts.limits.file_size_is_zero,
            "filter": facts.has_filter,
            "probed": bool(facts.channels),
        }
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    answer = json.loads(os.read(reader, 4096))
    os.close(reader)
    os.waitpid(pid, 0)
    return dict(answer)


def test_supervisor_is_unreadable_and_coreless_and_can_still_start_processes() -> None:
    assert _entered_in_a_fork() == {
        "no core": True,
        "readable": False,
        "no new privileges": False,
        "file size zero": False,
        "filter": False,
        "probed": False,
    }
