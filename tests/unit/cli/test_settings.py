"""Options that several commands share."""

from __future__ import annotations

import pytest

from echoless.cli.settings import config_of, resolve

pytestmark = pytest.mark.unit


def test_flags_that_were_not_given_leave_variables_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECHOLESS_CONFIG", raising=False)
    monkeypatch.setenv("ECHOLESS_DATA", "/of/a/variable")
    assert config_of(config=None, data=None).data == "/of/a/variable"
    assert resolve(data="/of/a/flag").origins["data"] == "flag"
