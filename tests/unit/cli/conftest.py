"""What the tests of the commands share: the command run in this process, with a directory of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from echoless.cli.main import build_app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `echoless WORDS...` on the data directory tmp_path; errors of ours come out as they are."""
    for name in ("ECHOLESS_CONFIG", "ECHOLESS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ECHOLESS_DATA", str(tmp_path))
    return lambda *words: CliRunner().invoke(build_app(), words)
