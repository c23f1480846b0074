"""The token of the metrics: read once, handed on as a digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.metrics_token import metrics_token_digest

pytestmark = pytest.mark.unit
TOKEN = "a-token-of-the-operator"


def test_a_gateway_gets_the_digest_of_the_token(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    assert metrics_token_digest(str(path)) == hashlib.sha256(TOKEN.encode()).hexdigest()


def test_without_a_file_there_is_no_digest() -> None:
    assert metrics_token_digest(None) == ""


@pytest.mark.parametrize(
    "text", ["", "short", "with a blank in the middle", "x" * 257, "\u00fcber-long-token-0123"]
)
def test_a_token_that_cannot_be_one_keeps_the_server_from_starting(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EcholessError) as caught:
        metrics_token_digest(str(path))
    assert (caught.value.code, caught.value.param) == (ErrorCode.CONFIGURATION, "metrics_token_file")
    assert not text or text not in caught.value.public_description


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EcholessError, match="No such file"):
        metrics_token_digest(str(tmp_path / "absent"))
