"""docs/CONFIGURATION.md has every setting as the code has it."""

from __future__ import annotations

import pytest

from echoless.cli.reference import reference_rows, reference_table
from echoless.supervisor.config import ServerConfig
from tests.house.sources import ROOT

pytestmark = pytest.mark.house


def test_the_table_of_settings_is_the_one_in_the_code() -> None:
    text = (ROOT / "docs/CONFIGURATION.md").read_text(encoding="utf-8")
    assert text.endswith(reference_table()), "write it anew: echoless config reference"


def test_every_key_of_the_configuration_is_in_the_table_with_a_meaning() -> None:
    rows = {key: meaning for key, _values, _default, meaning in reference_rows()}
    assert set(ServerConfig.model_fields) <= set(rows)
    assert all(rows.values()), [key for key, meaning in rows.items() if not meaning]
