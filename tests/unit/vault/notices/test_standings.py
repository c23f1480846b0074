"""When an account is flagged: a pure rule over counts, and counts that survive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.moderation import Action, Category, Severity
from echoless.vault.notices.standings import FlagRules, Standings
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

RULES = FlagRules(flags_max=3, severe_max=2, window_days=1)
WS = "w" * 20
Counted = Callable[[Severity], bool]


@given(low=st.integers(0, 100), flagged=st.integers(0, 10), severe=st.integers(0, 10))
def test_an_account_is_flagged_by_enough_of_either_kind_and_never_by_slight_findings(
    low: int, flagged: int, severe: int
) -> None:
    counts = {Severity.LOW: low, Severity.FLAGGED: flagged, Severity.SEVERE: severe}
    assert RULES.flags(counts) is (severe >= 2 or flagged + severe >= 3)
    assert FlagRules(0, 0, 1).flags(counts) is False
    assert FlagRules(0, 1, 1).flags(counts) is (severe >= 1)


def note(standings: Standings, severity: Severity = Severity.FLAGGED, count: int = 1) -> bool:
    return standings.note(WS, Category.FRAUD, severity, Action.PASSED, count)


async def test_findings_count_within_the_window_only(storage: Storage, clock: TurnedClock) -> None:
    standings = Standings(storage, clock, RULES)
    assert not note(standings, count=2)
    clock.turn(25 * 3600)
    assert not note(standings, count=2)
    assert note(standings)


async def test_a_clock_that_went_back_loses_no_finding(storage: Storage, clock: TurnedClock) -> None:
    standings = Standings(storage, clock, RULES)
    note(standings, count=2)
    clock.now_ms -= 10 * 86_400_000
    assert note(standings)


async def test_who_is_flagged_is_not_flagged_again_until_a_new_round(storage: Storage, clock: TurnedClock) -> None:
    standings = Standings(storage, clock, RULES)
    assert note(standings, Severity.SEVERE, 2)
    standings.accept(standings.flagged(WS))
    assert standings.of(WS).flagged_unix == clock.unix_ms() // 1000
    assert not note(standings, Severity.SEVERE, 2)
    standings.accept(standings.renewed(WS))
    assert (standings.of(WS).round_number, standings.of(WS).flagged_unix) == (1, 0)
    assert not note(standings, Severity.SEVERE), "what was found before counts no more"
    assert note(standings, Severity.SEVERE)


async def test_what_was_counted_is_read_again_and_old_rounds_are_not(storage: Storage, clock: TurnedClock) -> None:
    first = Standings(storage, clock, RULES)
    note(first, count=2)
    committed = first.renewed(WS)
    await storage.writer.now(committed)
    first.accept(committed)
    note(first, count=2)
    await storage.writer.flush()
    second = Standings(storage, clock, RULES)
    await second.load()
    assert second.of(WS).round_number == 1
    assert second.due() == []
    assert note(second)
    assert second.due() == [WS]
    second.forget_workspace(WS)
    assert second.due() == []
