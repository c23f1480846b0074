"""`echoless models`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.model_catalogue import shipped_catalogue
from tests.fakes.model_server import model_server
from tests.fakes.models import toml_of, whisper
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
OURS = whisper(**{"model.bin": b"weights"})


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options for a catalogue and a directory of the test's own."""
    monkeypatch.setenv("ECHOLESS_DATA", str(tmp_path / "data"))
    (tmp_path / "ours.toml").write_text(toml_of(OURS), encoding="utf-8")
    return ["--catalogue", str(tmp_path / "ours.toml"), "--models", str(tmp_path / "models")]


def states(run: Run, words: list[str]) -> dict[str, str]:
    lines = [line.split("\t") for line in run("models", "list", *words).stdout.splitlines()]
    return {line[0]: line[2] for line in lines}


def test_a_model_is_installed_listed_and_removed(run: Run, words: list[str], tmp_path: Path) -> None:
    assert states(run, words) == dict.fromkeys([*shipped_catalogue(), "ours"], "available")
    with model_server(**{"model.bin": b"weights"}) as server:
        done = run("models", "install", "ours", "--accept-licence", "--mirror", server.address, *words)
    assert done.exit_code == 0
    assert "MIT" in done.stderr and "local:ours" in done.stderr
    assert states(run, words)["ours"] == "installed"
    # Without the catalogue it came from, too.
    assert states(run, words[2:])["ours"] == "installed"
    (tmp_path / "models" / "ours" / "model.bin").write_bytes(b"")
    assert states(run, words)["ours"] == "damaged"
    assert run("models", "remove", "ours", *words[2:]).exit_code == 0
    assert states(run, words)["ours"] == "available"


def test_the_default_directory_lies_beside_the_data(run: Run, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    brought = ["--from-file", str(tmp_path / "model.bin"), "--accept-licence"]
    assert run("models", "install", "ours", *brought, *words[:2]).exit_code == 0
    assert (tmp_path / "data-models" / "ours" / "model.bin").exists()


def test_without_a_terminal_the_licence_must_be_accepted_in_words(
    run: Run, words: list[str], tmp_path: Path
) -> None:
    refused = run("models", "install", "ours", *words)
    assert isinstance(refused.exception, EcholessError)
    assert "--accept-licence" in refused.exception.public_description
    assert not (tmp_path / "models").exists()


def test_what_is_no_model_or_no_catalogue_is_said(run: Run, words: list[str], tmp_path: Path) -> None:
    for command in (
        ["models", "install", "nobody", "--accept-licence", *words],
        ["models", "list", "--catalogue", str(tmp_path / "absent.toml")],
        ["models", "remove", "ours", *words[2:]],
    ):
        assert isinstance(run(*command).exception, EcholessError)
