"""The doctor's process answers on its pipe and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT

pytestmark = pytest.mark.unit


def test_child_writes_one_json_object_to_its_descriptor_and_says_nothing() -> None:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    reader, writer = os.pipe()
    done = subprocess.run(
        [sys.executable, "-m", "echoless.confinement.doctor_child", "engine", str(writer)],
        env=kept | dict(ALLOCATOR_ENVIRONMENT),
        pass_fds=[writer],
        capture_output=True,
        timeout=60,
        check=True,
    )
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        answer = json.load(stream)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert answer["role"] == "engine"
    assert answer["limits"]["file_size_is_zero"] is True
    assert {"name", "verdict", "layers"} <= answer["channels"][0].keys()
