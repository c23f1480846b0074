"""A server that does not start is an error with its reason; one that runs is found by its directory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.server_process import LOCK_NAME, ServerProcess, is_audit_view, running_supervisor

pytestmark = pytest.mark.unit


def test_a_server_that_ends_at_once_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EcholessError) as caught:
        ServerProcess.start(tmp_path / "data", tmp_path / "output", ("--no-such-flag",))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert "status 2" in caught.value.public_description
    assert "no-such-flag" in (tmp_path / "output").read_text()


def test_a_running_server_is_found_by_its_lock(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text(json.dumps({"pid": os.getpid(), "url": "x", "is_audit_view": True}))
    assert running_supervisor(tmp_path) == os.getpid()
    assert is_audit_view(tmp_path)


@pytest.mark.parametrize("facts", ["", "{}", "[]", "{broken", '{"pid": 4194305}', '{"pid": "7"}'])
def test_a_directory_that_names_no_living_process_is_an_error(tmp_path: Path, facts: str) -> None:
    (tmp_path / LOCK_NAME).write_text(facts)
    with pytest.raises(EcholessError) as caught:
        running_supervisor(tmp_path)
    assert caught.value.code is ErrorCode.DATA_DIRECTORY
    assert not is_audit_view(tmp_path)


def test_no_lock_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EcholessError):
        running_supervisor(tmp_path)
