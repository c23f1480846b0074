"""Names of engines."""

from __future__ import annotations

import pytest

from echoless.core.engine_names import is_engine_name, local_name, remote_name

pytestmark = pytest.mark.unit


def test_an_engine_is_local_or_remote_or_embedded() -> None:
    assert (local_name("local:thorsten"), remote_name("local:thorsten")) == ("thorsten", "")
    assert (local_name("remote:up"), remote_name("remote:up")) == ("", "up")
    assert (local_name(""), remote_name("")) == ("", "")


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a b", "x" * 49, "-a", "ä", "a\n"])
def test_what_could_lead_out_of_a_directory_is_no_name(name: str) -> None:
    assert not is_engine_name(name)


def test_usual_names_are_names() -> None:
    assert all(is_engine_name(name) for name in ("thorsten", "faster-whisper-tiny", "kokoro_v1.0", "x" * 48))
