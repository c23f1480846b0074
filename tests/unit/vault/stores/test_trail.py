"""The trail of administrative acts."""

from __future__ import annotations

import pytest

from echoless.vault.stores import schema
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit


def test_an_act_is_ids_a_word_of_ours_and_a_time(clock: TurnedClock) -> None:
    kind, row = audit_row(clock, "w", "k", "key.create", "t")
    assert kind is Write.AUDIT
    assert set(row) == {column.name for column in schema.audit_entries.columns} - {"sequence"}
    assert (row["workspace_id"], row["actor_id"], row["activity"], row["target_id"]) == (
        "w",
        "k",
        "key.create",
        "t",
    )
    assert row["time_ms"] == clock.unix_ms()
    assert row["entry_id"] != audit_row(clock, "w", "k", "key.create", "t")[1]["entry_id"]
