"""How many run at once, and who waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.vault.intake import turnstile
from echoless.vault.intake.turnstile import Entrance, Turnstile

pytestmark = pytest.mark.unit


def test_those_over_the_limit_wait_in_order_and_get_the_places_that_come_free() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    assert [gate.enter("w", 2, name, 0.0) for name in "abcd"] == [Entrance.ENTERED] * 2 + [Entrance.WAITS] * 2
    assert gate.inside_count("w") == 2
    assert (gate.leave("w", 2), gate.leave("w", 2), gate.inside_count("w")) == ("c", "d", 2)
    assert (gate.leave("w", 2), gate.leave("w", 2), gate.inside_count("w")) == (None, None, 0)


def test_nobody_overtakes_those_who_wait() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    gate.enter("w", 1, "a", 0.0)
    gate.enter("w", 1, "b", 0.0)
    assert gate.enter("w", 5, "c", 0.0) is Entrance.WAITS


def test_nobody_waits_beyond_the_deadline() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    gate.enter("w", 1, "a", 0.0)
    gate.enter("w", 1, "b", 1.0)
    gate.enter("w", 1, "c", 2.0)
    assert gate.next_deadline_s() == 11.0
    assert gate.expire(10.9) == []
    assert gate.expire(11.0) == ["b"]
    assert gate.leave("w", 2) == "c"
    assert gate.next_deadline_s() is None


def test_workspaces_do_not_wait_for_each_other() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    gate.enter("w1", 1, "a", 0.0)
    assert gate.enter("w2", 1, "b", 0.0) is Entrance.ENTERED


def test_the_queue_is_bounded_and_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "WAITING_MAX", 1)
    gate: Turnstile[str] = Turnstile(10.0)
    assert [gate.enter("w", 1, name, 0.0) for name in "abc"] == [
        Entrance.ENTERED, Entrance.WAITS, Entrance.TURNED_AWAY,
    ]  # fmt: skip
    without: Turnstile[str] = Turnstile(0.0)
    assert [without.enter("w", 1, name, 0.0) for name in "ab"] == [Entrance.ENTERED, Entrance.TURNED_AWAY]


def test_who_withdraws_gets_no_place() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    for name in "abc":
        gate.enter("w", 1, name, 0.0)
    assert gate.withdraw(lambda who: who == "b")
    assert not gate.withdraw(lambda who: who == "b")
    assert gate.leave("w", 2) == "c"


@given(st.lists(st.sampled_from(["enter", "leave", "expire"]), max_size=60), st.integers(1, 4))
def test_there_are_never_more_inside_than_allowed_and_no_place_is_lost(acts: list[str], places: int) -> None:
    gate: Turnstile[int] = Turnstile(5.0)
    inside = 0
    for now, act in enumerate(acts):
        if act == "enter":
            inside += gate.enter("w", places, now, float(now)) is Entrance.ENTERED
        elif act == "leave" and inside:
            inside -= gate.leave("w", places) is None
        else:
            gate.expire(float(now))
        assert gate.inside_count("w") == inside <= places
    while inside:
        inside -= gate.leave("w", places) is None
    assert gate.enter("w", 1, -1, 1e9) is Entrance.ENTERED


def test_a_limit_that_changes_while_somebody_waits_is_kept_from_then_on() -> None:
    gate: Turnstile[str] = Turnstile(10.0)
    for who in "abcdef":
        gate.enter("w", 2, who, 0.0)
    assert gate.leave("w", 4) == "c"
    assert [gate.admit_next("w", 4) for _ in range(3)] == ["d", "e", None]
    assert (gate.leave("w", 1), gate.leave("w", 1), gate.leave("w", 1)) == (None, None, None)
    assert (gate.leave("w", 1), gate.inside_count("w")) == ("f", 1)
    assert (gate.leave("w", 1), gate.inside_count("w")) == (None, 0)
