"""`echoless capsule`: making the key, and reading what came sealed to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.capsule import seal
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
DIAGNOSIS = {"request": {"text": "seal \x1b]0;owned\x07"}}


@pytest.fixture
def key(run: Run, tmp_path: Path) -> str:
    made = run("capsule", "keygen", "--out", str(tmp_path / "identity"))
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def opened(run: Run, tmp_path: Path, text: str) -> object:
    path = tmp_path / "capsule"
    path.write_text(text)
    result = run("capsule", "open", str(path), "--identity", str(tmp_path / "identity"))
    if result.exception is not None:
        raise result.exception
    assert "\x1b" not in result.stdout
    return json.loads(result.stdout)


@pytest.mark.claim("Z35")
def test_a_capsule_is_read_from_itself_an_error_and_a_frame(run: Run, tmp_path: Path, key: str) -> None:
    capsule = seal(json.dumps(DIAGNOSIS).encode(), key)
    for text in (
        capsule, json.dumps({"detail": {"code": "internal_error", "capsule": capsule}}),
        json.dumps({"error": "internal_error", "capsule": capsule}),
    ):  # fmt: skip
        assert opened(run, tmp_path, text) == DIAGNOSIS


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"detail": []}', '{"detail": {"capsule": 3}}', '{"capsule": "no"}']
)
@pytest.mark.usefixtures("key")
def test_what_holds_no_capsule_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    with pytest.raises(EcholessError):
        opened(run, tmp_path, text)


def test_a_capsule_of_another_key_is_refused(run: Run, tmp_path: Path, key: str) -> None:
    other = run("capsule", "keygen", "--out", str(tmp_path / "other")).stdout.strip()
    with pytest.raises(EcholessError):
        opened(run, tmp_path, seal(b"{}", other))


def test_a_file_that_is_not_there_is_said_not_to_be(run: Run, tmp_path: Path, key: str) -> None:
    result = run("capsule", "open", str(tmp_path / "none"), "--identity", str(tmp_path / "identity"))
    assert isinstance(result.exception, EcholessError)
