"""Verdicts at rest: counts add up by hour, and rounds stay apart."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from echoless.core.moderation import Action, Category, Severity
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.verdicts import (
    Standing,
    VerdictHour,
    read_standings,
    read_verdicts,
    standing_row,
    verdict_row,
)
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

HOUR = VerdictHour("w1", 3600, 0, Category.FRAUD, Severity.FLAGGED, Action.PASSED, 2)


async def test_counts_of_one_hour_add_up_and_everything_else_stays_apart(storage: Storage) -> None:
    others = [
        replace(HOUR, workspace_id="w2"), replace(HOUR, hour_unix=7200), replace(HOUR, round_number=1),
        replace(HOUR, category=Category.HATE), replace(HOUR, severity=Severity.LOW),
        replace(HOUR, action=Action.REFUSED),
    ]  # fmt: skip
    rows = [(Write.VERDICT, verdict_row(one)) for one in (HOUR, HOUR, *others)]
    await storage.writer.now(*rows)
    await storage.writer.now((Write.VERDICT, verdict_row(HOUR)))
    found = await storage.read(partial(read_verdicts, since_unix=0))
    assert len(found) == 1 + len(others)
    assert replace(HOUR, verdict_count=6) in found
    assert set(others) <= set(found)
    late = await storage.read(partial(read_verdicts, since_unix=3601))
    assert [one.hour_unix for one in late] == [7200]
    theirs = await storage.read(partial(read_verdicts, since_unix=0, workspace_id="w2"))
    assert [one.workspace_id for one in theirs] == ["w2"]


async def test_a_standing_takes_the_place_of_the_one_before(storage: Storage) -> None:
    for standing in (Standing("w1", 0, 5), Standing("w1", 1, 0), Standing("w2")):
        await storage.writer.now((Write.MODERATION_STANDING, standing_row(standing)))
    found = await storage.read(read_standings)
    assert sorted(found, key=lambda one: one.workspace_id) == [Standing("w1", 1, 0), Standing("w2")]
