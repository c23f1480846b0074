"""The supervisor's decisions as scripts of events in and commands out."""

from __future__ import annotations

import pytest

from echoless.supervisor.plan import (
    RESTART_DELAY_S_MAX,
    AnnounceReady,
    AnswerUnavailable,
    AskToStop,
    Command,
    Connect,
    Exit,
    Kill,
    LetListen,
    Plan,
    Role,
    Slot,
    Spawn,
    StateHost,
)

pytestmark = pytest.mark.unit

VAULT, ENGINE, GATEWAY = Slot(Role.VAULT, 0), Slot(Role.ENGINE, 0), Slot(Role.GATEWAY, 0)


def started(engines: int = 1, gateways: int = 1) -> Plan:
    plan = Plan(engines, gateways, stop_deadline_s=5.0)
    plan.start(0.0)
    return plan


def serving(engines: int = 1, gateways: int = 1) -> Plan:
    plan = started(engines, gateways)
    for number in range(1, 2 + engines + gateways):
        plan.ready(number, ())
    return plan


def spawned(commands: list[Command]) -> list[Spawn]:
    return [command for command in commands if isinstance(command, Spawn)]


def test_a_gateway_is_tied_to_the_vault_and_to_every_engine_and_then_listens() -> None:
    plan = Plan(2, 2, 5.0)
    assert [command.slot.name for command in spawned(plan.start(0.0))] == [
        "vault", "engine-0", "engine-1", "gateway-0", "gateway-1",
    ]  # fmt: skip
    commands = [command for number in range(1, 6) for command in plan.ready(number, ())]
    links = {frozenset((c.first, c.second)) for c in commands if isinstance(c, Connect)}
    assert links == {frozenset(pair) for pair in ((4, 1), (4, 2), (4, 3), (5, 1), (5, 2), (5, 3))}
    assert [c.number for c in commands if isinstance(c, LetListen)] == [4, 5]
    last_link = max(i for i, c in enumerate(commands) if isinstance(c, Connect) and c.first == 4)
    assert commands.index(LetListen(4)) > last_link


def test_a_way_out_is_tied_to_gateways_alone_and_stops_before_the_vault() -> None:
    plan = Plan(1, 1, 5.0, egress_count=1)
    assert [command.slot.name for command in spawned(plan.start(0.0))] == [
        "vault", "engine-0", "egress-0", "gateway-0",
    ]  # fmt: skip
    commands = [command for number in range(1, 5) for command in plan.ready(number, ())]
    assert {frozenset((c.first, c.second)) for c in commands if isinstance(c, Connect)} == {
        frozenset(pair) for pair in ((4, 1), (4, 2), (4, 3))
    }
    plan.stop_asked(1.0)
    plan.exited(4, 1.1)
    assert plan.exited(2, 1.2) == [AskToStop(3, 5.0)]
    assert plan.exited(3, 1.3) == [AskToStop(1, 5.0)]


@pytest.mark.claim("Z16")
def test_nobody_is_tied_to_a_process_that_has_not_shown_its_wall() -> None:
    plan = started()
    for number in (3, 1, 2):
        before = plan.ready(number, ("seccomp_absent",))
        assert all(3 in (c.first, c.second) for c in before if isinstance(c, Connect))
    plan = serving()
    assert plan.exited(3, 100.0) == [Spawn(GATEWAY, 4)]
    after = plan.ready(4, ("seccomp_absent",))
    assert after == [StateHost(1, ("seccomp_absent",)), Connect(4, 1), Connect(4, 2), LetListen(4)]


def test_zero_retention_waits_until_every_process_has_shown_its_wall() -> None:
    """Fail closed: nothing is assumed of a process that has not reported."""
    plan = started()
    assert plan.ready(1, ()) == [StateHost(1, ("starting",))]
    assert plan.ready(2, ()) == []
    assert plan.ready(3, ()) == [StateHost(1, ()), Connect(3, 1), Connect(3, 2), LetListen(3), AnnounceReady()]


def test_a_missing_property_of_any_process_reaches_the_vault() -> None:
    plan = started()
    plan.ready(1, ())
    plan.ready(2, ("channel_open:xattr",))
    assert StateHost(1, ("channel_open:xattr",)) in plan.ready(3, ())


def test_swap_that_is_added_later_takes_zero_retention_away_unless_all_pages_are_locked() -> None:
    """T8."""
    plan = serving()
    assert plan.host_changed(has_swap=True) == [StateHost(1, ("swap_on",))]
    assert plan.host_changed(has_swap=True) == []
    locked = started()
    for number in (1, 2, 3):
        locked.ready(number, (), has_locked_pages=True)
    assert locked.host_changed(has_swap=True) == []


def test_a_dead_engine_is_replaced_and_tied_again() -> None:
    plan = serving()
    assert plan.exited(2, 100.0) == [Spawn(ENGINE, 4)]
    assert plan.ready(4, ()) == [Connect(4, 3)]


def test_a_replacement_with_a_weaker_wall_takes_zero_retention_away_before_it_is_tied() -> None:
    plan = serving()
    plan.exited(2, 100.0)
    assert plan.ready(4, ("seccomp_absent",)) == [StateHost(1, ("seccomp_absent",)), Connect(4, 3)]


def test_a_new_vault_hears_the_state_of_the_host_again() -> None:
    plan = serving(gateways=2)
    assert plan.exited(1, 100.0) == [Spawn(VAULT, 5)]
    assert plan.ready(5, ()) == [StateHost(5, ()), Connect(5, 3), Connect(5, 4)]


def test_late_news_of_a_dead_process_is_not_taken_for_its_successors() -> None:
    plan = serving()
    plan.exited(2, 100.0)
    assert plan.ready(2, ("seccomp_absent",)) == []
    assert plan.exited(2, 101.0) == []


def test_a_slot_that_keeps_dying_is_started_ever_more_slowly() -> None:
    plan = serving()
    now_s, number, delays = 100.0, 2, []
    for _ in range(12):
        commands = plan.exited(number, now_s)
        waited_s = 0.0
        while not spawned(commands):
            waited_s += 0.05
            commands = plan.tick(now_s + waited_s)
        delays.append(waited_s)
        now_s += waited_s
        number = spawned(commands)[0].number
    assert delays[0] == 0.0
    assert delays == sorted(delays)
    assert RESTART_DELAY_S_MAX <= delays[-1] <= RESTART_DELAY_S_MAX + 0.1


def test_while_a_gateway_stays_away_its_clients_are_answered() -> None:
    """A listening socket that nobody accepts from hangs clients."""
    plan = serving()
    plan.exited(3, 100.0)
    plan.exited(4, 100.5)
    during = plan.tick(102.6)
    assert AnswerUnavailable(GATEWAY, is_on=True) in during
    assert AnswerUnavailable(GATEWAY, is_on=True) not in plan.tick(103.0)
    assert AnswerUnavailable(GATEWAY, is_on=False) in plan.ready(5, ())


def test_a_retiring_engine_works_until_its_successor_is_there() -> None:
    plan = serving()
    assert plan.retire(2, 100.0) == [Spawn(ENGINE, 4)]
    assert plan.ready(4, ()) == [Connect(4, 3)]
    assert plan.exited(2, 101.0) == []
    assert plan.missing == ()


def test_what_a_retiring_engine_lacks_counts_until_it_is_gone() -> None:
    plan = started()
    plan.ready(1, ())
    plan.ready(2, ("seccomp_absent",))
    plan.ready(3, ())
    plan.retire(2, 100.0)
    plan.ready(4, ())
    assert plan.missing == ("seccomp_absent",)
    assert plan.exited(2, 101.0) == [StateHost(1, ())]


def test_stopping_takes_gateways_first_and_the_vault_last() -> None:
    plan = serving()
    assert plan.stop_asked(100.0) == [AskToStop(3, 5.0)]
    told = AnswerUnavailable(GATEWAY, is_on=True, is_stopping=True)
    assert plan.exited(3, 100.1) == [told, AskToStop(2, 5.0)]
    assert plan.exited(2, 100.2) == [AskToStop(1, 5.0)]
    assert plan.exited(1, 100.3) == [Exit(0)]


def test_nothing_is_restarted_while_stopping() -> None:
    plan = serving()
    plan.stop_asked(100.0)
    assert not spawned(plan.exited(2, 100.1))
    assert not spawned(plan.tick(101.0))


def test_who_does_not_stop_is_killed_after_the_deadline() -> None:
    plan = serving()
    plan.stop_asked(100.0)
    assert plan.tick(106.9) == []
    assert plan.tick(107.0) == [Kill(3)]


def test_asking_twice_kills_everything() -> None:
    plan = serving()
    plan.stop_asked(100.0)
    assert plan.stop_asked(100.1) == [Kill(1), Kill(2), Kill(3)]


def test_a_child_that_refuses_to_start_ends_the_server_with_an_error() -> None:
    plan = started()
    assert plan.start_refused(1, 1.0) == [AskToStop(3, 5.0)]
    plan.exited(3, 1.1)
    plan.exited(2, 1.2)
    assert plan.exited(1, 1.3) == [Exit(1)]
