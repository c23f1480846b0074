"""The process that `doctor` starts for one role: enters the wall and writes what was proved to a pipe.

python -m echoless.confinement.doctor_child ROLE DESCRIPTOR
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from typing import Final

from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter

_HTTPS_PORT: Final = 443


def main(arguments: Sequence[str]) -> None:
    """Enter the wall of a role and write one JSON object."""
    role, descriptor = Role(arguments[0]), int(arguments[1])
    ports = (_HTTPS_PORT,) if role is Role.EGRESS else ()
    profile = SandboxProfile(role, interpreter_paths() if role.is_volatile else (), connect_ports=ports)
    facts = enter(profile, audit_view=False)
    answer = dataclasses.asdict(facts) | {"missing": missing_properties(facts)}
    text = json.dumps(answer).encode("ascii")
    while text:
        text = text[os.write(descriptor, text) :]


if __name__ == "__main__":
    main(sys.argv[1:])
