"""How many run at once, by several limits, and who waits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.vault.intake import turnstile
from echoless.vault.intake.turnstile import Entrance, Gate, Turnstile

pytestmark = pytest.mark.unit
IN, WAITS, AWAY = Entrance.ENTERED, Entrance.WAITS, Entrance.TURNED_AWAY


class Scene:
    """A turnstile whose limits and whose people's gates a test sets."""

    def __init__(self, wait_s: float = 10.0, **places: int) -> None:
        self.turnstile: Turnstile[str] = Turnstile(wait_s)
        self.places = places
        self.wants: dict[str, str] = {}

    def gates(self, who: str) -> Sequence[Gate]:
        return [Gate(name, self.places[name]) for name in self.wants[who].split()]

    def enter(self, who: str, wants: str = "w", now_s: float = 0.0) -> Entrance:
        self.wants[who] = wants
        return self.turnstile.enter("owner", self.gates(who), who, now_s)

    def leave(self, who: str) -> list[str]:
        """Let somebody leave; return who comes in for it."""
        self.turnstile.leave(self.wants[who].split())
        found = []
        while (admitted := self.turnstile.admit_next("owner", self.gates)) is not None:
            found.append(admitted)
        return found

    def inside(self) -> dict[str, int]:
        return {name: self.turnstile.inside_count(name) for name in self.places}


def test_those_over_the_limit_wait_in_order_and_get_the_places_that_come_free() -> None:
    scene = Scene(w=2)
    assert [scene.enter(name) for name in "abcd"] == [IN, IN, WAITS, WAITS]
    assert (scene.leave("a"), scene.leave("b"), scene.inside()) == (["c"], ["d"], {"w": 2})
    assert (scene.leave("c"), scene.leave("d"), scene.inside()) == ([], [], {"w": 0})


def test_nobody_overtakes_those_who_wait() -> None:
    scene = Scene(w=1)
    scene.enter("a")
    scene.enter("b")
    scene.places["w"] = 5
    assert scene.enter("c") is WAITS
    assert scene.leave("a") == ["b", "c"]


def test_nobody_waits_beyond_the_deadline() -> None:
    scene = Scene(w=1)
    for now_s, name in enumerate("abc"):
        scene.enter(name, now_s=float(now_s))
    assert scene.turnstile.next_deadline_s() == 11.0
    assert scene.turnstile.expire(10.9) == []
    assert scene.turnstile.expire(11.0) == ["b"]
    assert scene.leave("a") == ["c"]
    assert scene.turnstile.next_deadline_s() is None


def test_owners_do_not_wait_for_each_other() -> None:
    turnstile_: Turnstile[str] = Turnstile(10.0)
    assert turnstile_.enter("o1", [Gate("o1", 1)], "a", 0.0) is IN
    assert turnstile_.enter("o1", [Gate("o1", 1)], "b", 0.0) is WAITS
    assert turnstile_.enter("o2", [Gate("o2", 1)], "c", 0.0) is IN
    assert turnstile_.withdraw_of("o1") == ["b"]
    assert turnstile_.waiting_count == 0


def test_the_queue_is_bounded_and_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "WAITING_MAX", 1)
    assert [scene_enter for scene in [Scene(w=1)] for scene_enter in map(scene.enter, "abc")] == [IN, WAITS, AWAY]
    without = Scene(0.0, w=1)
    assert [without.enter(name) for name in "ab"] == [IN, AWAY]


def test_who_withdraws_gets_no_place() -> None:
    scene = Scene(w=1)
    for name in "abc":
        scene.enter(name)
    assert scene.turnstile.withdraw(lambda who: who == "b")
    assert not scene.turnstile.withdraw(lambda who: who == "b")
    assert scene.leave("a") == ["c"]


def test_nobody_holds_one_place_while_waiting_for_another() -> None:
    """Else two limits together would let fewer in than each alone."""
    scene = Scene(speech=2, slow=1)
    assert (scene.enter("a", "speech slow"), scene.enter("b", "speech slow")) == (IN, WAITS)
    assert scene.inside() == {"speech": 1, "slow": 1}
    assert scene.enter("c", "speech") is IN
    assert scene.leave("a") == ["b"]
    assert scene.inside() == {"speech": 2, "slow": 1}


def test_who_waits_for_one_limit_does_not_stand_in_the_way_of_another() -> None:
    scene = Scene(speech=2, key=1)
    assert [scene.enter("a", "speech key"), scene.enter("b", "speech key")] == [IN, WAITS]
    assert scene.enter("c", "speech") is IN
    assert scene.enter("d", "speech") is WAITS
    assert scene.leave("c") == ["d"]
    assert scene.leave("d") == []
    assert scene.leave("a") == ["b"]


def test_a_limit_that_changes_while_somebody_waits_is_kept_from_then_on() -> None:
    scene = Scene(w=2)
    for who in "abcdefg":
        scene.enter(who)
    scene.places["w"] = 4
    assert scene.leave("a") == ["c", "d", "e"]
    scene.places["w"] = 1
    assert [scene.leave(who) for who in "bcd"] == [[], [], []]
    assert (scene.leave("e"), scene.inside()) == (["f"], {"w": 1})


def test_a_place_that_nobody_held_is_not_given_back() -> None:
    with pytest.raises(AssertionError):
        Scene(w=1).turnstile.leave(["w"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["enter", "leave", "expire"]), st.sampled_from(["a", "b", "a b", ""])),
        max_size=60,
    ),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_there_are_never_more_inside_than_allowed_and_no_place_is_lost(
    acts: list[tuple[str, str]], a: int, b: int
) -> None:
    scene = Scene(5.0, a=a, b=b)
    inside: list[str] = []
    for now, (act, wants) in enumerate(acts):
        if act == "enter" and scene.enter(str(now), wants, float(now)) is IN:
            inside.append(str(now))
        elif act == "leave" and inside:
            inside += scene.leave(inside.pop(0))
        elif act == "expire":
            scene.turnstile.expire(float(now))
        wanted = [name for who in inside for name in scene.wants[who].split()]
        assert scene.inside() == {"a": wanted.count("a"), "b": wanted.count("b")}
        assert wanted.count("a") <= a
        assert wanted.count("b") <= b
    while inside:
        inside += scene.leave(inside.pop())
    assert scene.turnstile.waiting_count == 0
