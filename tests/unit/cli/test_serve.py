"""`echoless serve`: every flag reaches the configuration under its own name."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from echoless.cli.serve import serve_command
from echoless.supervisor import service
from echoless.supervisor.config import KEY_FILE_KEY, ServerConfig
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_every_flag_is_a_key_of_the_configuration() -> None:
    flags = set(inspect.signature(serve_command).parameters) - {"config", KEY_FILE_KEY}
    assert flags <= set(ServerConfig.model_fields)


def test_flags_reach_the_server_and_its_status_is_ours(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ServerConfig] = []

    def serve(config: ServerConfig) -> int:
        seen.append(config)
        return 7

    monkeypatch.setattr(service, "serve", serve)
    result = run("serve", "--port", "0", "--engines", "3", "--audit-view", "--no-scrubbing", "--engine", "null")
    assert result.exit_code == 7
    config = seen[0]
    assert (config.port, config.engines, config.audit_view, config.scrubbing) == (0, 3, True, False)
    assert (config.engine, config.data, config.gateways) == ("null", str(tmp_path), 2)
