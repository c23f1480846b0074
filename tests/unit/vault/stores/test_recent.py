"""Requests that later ones may continue."""

from __future__ import annotations

import pytest

from echoless.vault.stores import recent
from echoless.vault.stores.recent import RecentRequests
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit


def test_a_request_is_known_to_its_workspace_for_two_hours(clock: TurnedClock) -> None:
    """C13."""
    requests = RecentRequests(clock)
    requests.add("r", "w", "i", clock.unix_ms())
    assert requests.is_known("r", "w")
    assert not requests.is_known("r", "other")
    assert not requests.is_known("never", "w")
    clock.turn(7200)
    assert requests.is_known("r", "w")
    clock.turn(1)
    assert not requests.is_known("r", "w")


def test_a_deleted_item_takes_its_request_along(clock: TurnedClock) -> None:
    requests = RecentRequests(clock)
    requests.add("r1", "w", "i1", clock.unix_ms())
    requests.add("r2", "w", "i2", clock.unix_ms())
    requests.forget_items(frozenset({"i1"}))
    assert not requests.is_known("r1", "w")
    assert requests.is_known("r2", "w")


def test_old_ones_are_forgotten_and_the_number_is_bounded(
    clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_COUNT_MAX", 2)
    requests = RecentRequests(clock)
    for number in range(3):
        requests.add(f"r{number}", "w", "i", clock.unix_ms())
    assert [requests.is_known(f"r{number}", "w") for number in range(3)] == [False, True, True]
    clock.turn(7201)
    requests.forget_old()
    assert not requests._found
