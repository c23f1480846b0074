"""Accounts in memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.vault.stores.accounts import Accounts, ApiKey, Meter, Workspace, next_month_unix
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit
KEY = ApiKey("k", "w", "s", "name", "hint", b"digest", 5)


def test_a_key_is_found_by_digest_only_while_it_is_valid(clock: TurnedClock) -> None:
    accounts = Accounts(clock)
    now = clock.unix_ms() // 1000
    accounts.put_key(replace(KEY, expires_unix=now + 10))
    assert accounts.key_of(b"digest") is not None
    assert accounts.key_of(b"other") is None
    clock.turn(10)
    assert accounts.key_of(b"digest") is None
    accounts.put_key(replace(KEY, is_disabled=True))
    assert accounts.key_of(b"digest") is None
    accounts.put_key(KEY)
    accounts.drop_key("k")
    assert accounts.key_of(b"digest") is None


@pytest.mark.parametrize(
    ("scopes", "allowed"), [(None, True), (frozenset({"a"}), True), (frozenset({"b"}), False), (frozenset(), False)]
)
def test_no_list_of_scopes_means_all_and_an_empty_one_none(scopes: frozenset[str] | None, allowed: bool) -> None:
    assert replace(KEY, scopes=scopes).allows("a") is allowed


def test_counters_go_back_to_zero_when_a_month_begins(clock: TurnedClock) -> None:
    """C12: counters move, and belong to their month."""
    accounts = Accounts(clock)
    accounts.put_meter("w", Meter(100, clock.unix_ms() // 1000 + 60))
    assert accounts.meter("w").character_count == 100
    clock.turn(60)
    meter = accounts.meter("w")
    assert (meter.character_count, meter.resets_unix) == (0, next_month_unix(clock.unix_ms() // 1000))


@pytest.mark.parametrize(
    ("now", "after"),
    [(0, 2_678_400), (2_678_399, 2_678_400), (2_678_400, 5_097_600), (1_798_761_599, 1_798_761_600)],
)
def test_months_begin_at_midnight_utc_also_across_the_year(now: int, after: int) -> None:
    assert next_month_unix(now) == after


def test_only_the_enterprise_tier_is_enterprise() -> None:
    workspace = Workspace("w", "u", "n", "enterprise", True, 0, 1)
    assert workspace.is_enterprise
    assert not replace(workspace, tier="business").is_enterprise
