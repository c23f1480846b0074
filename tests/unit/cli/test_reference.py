"""The table of all settings."""

from __future__ import annotations

import pytest

from echoless.cli.reference import reference_rows

pytestmark = pytest.mark.unit


def test_types_and_defaults_are_in_words() -> None:
    rows = {key: (values, default) for key, values, default, _meaning in reference_rows()}
    assert rows["port"] == ("whole number", "`8080`")
    assert rows["queue_deadline_s"] == ("number", "`10.0`")
    assert rows["scrubbing"] == ("`true`, `false`", "`true`")
    assert rows["voice_aliases"] == ("table of text", "empty")
    assert rows["character_limits"] == ("table of whole number", "empty")
    assert rows["api_key"] == ("text, secret", "not set")
    assert rows["tls_cert"] == ("text", "not set")
    assert "cores" in rows["engines"][1]


def test_the_key_file_stands_beside_the_key() -> None:
    keys = [row[0] for row in reference_rows()]
    assert keys.index("api_key") == keys.index("api_key_file") + 1
