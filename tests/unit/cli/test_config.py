"""`echoless config`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
_REMOTE = """kind = "openai"
url = "https://speech.example"
no_training_agreed = { by = "legal@example.org", since = 2026-01-31 }"""


def test_every_key_is_shown_with_its_origin_and_secrets_are_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text("port = 1001\n")
    monkeypatch.setenv("ECHOLESS_API_KEY", "sk_0123456789abcdef")
    shown = run("config", "show", "--config", str(file)).stdout
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in shown.splitlines()}
    assert rows["port"] == ["1001", "file"]
    assert rows["data"] == [str(tmp_path), "variable"]
    assert rows["host"] == ["127.0.0.1", "default"]
    assert rows["api_key"] == ["(set, not shown)", "variable"]
    assert "sk_0123456789abcdef" not in shown


def test_a_sound_configuration_is_said_to_be_sound(run: Run) -> None:
    result = run("config", "check")
    assert result.exit_code == 0
    assert result.stdout.startswith("sound; 1 keys differ")


def test_an_unreadable_certificate_is_found_before_the_start(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text('tls_cert = "absent.pem"\ntls_key = "absent.key"\n')
    result = run("config", "check", "--config", str(file))
    assert isinstance(result.exception, EcholessError)
    assert result.exception.param == "tls_cert"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('outbound_ca_file = "absent.pem"\n', "outbound_ca_file"),
        (f'[remotes.one]\n{_REMOTE}\napi_key_file = "absent"\n', "remotes.one.api_key_file"),
    ],
)
def test_a_file_of_the_way_out_that_cannot_be_read_is_found(
    run: Run, tmp_path: Path, text: str, named: str
) -> None:
    file = tmp_path / "echoless.toml"
    file.write_text(text)
    refused = run("config", "check", "--config", str(file))
    assert isinstance(refused.exception, EcholessError)
    assert named in refused.exception.public_description
    file.write_text(text.replace("api_key_file", "enabled = false\napi_key_file"))
    assert ("[remotes" in text) is (run("config", "check", "--config", str(file)).exit_code == 0)


def test_the_reference_is_a_markdown_table(run: Run) -> None:
    lines = run("config", "reference").stdout.splitlines()
    assert lines[1] == "|---|---|---|---|---|"
    assert any(
        line.startswith("| `assurance` | `ECHOLESS_ASSURANCE` | `strict`, `best_effort` |") for line in lines
    )


def test_the_check_looks_for_the_models_that_are_mapped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOLESS_MODEL_ENGINES", "eleven_v3=local:absent")
    refused = run("config", "check")
    assert isinstance(refused.exception, EcholessError)
    assert "absent is not installed" in refused.exception.public_description
