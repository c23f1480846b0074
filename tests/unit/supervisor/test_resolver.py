"""Look-ups of names: by processes that end, without the supervisor ever waiting."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable

import pytest

from echoless.supervisor import resolver as resolver_module
from echoless.supervisor.resolver import RUNNING_MAX, WAITING_MAX, Resolver

pytestmark = pytest.mark.unit


def turn_until(selector: selectors.BaseSelector, is_done: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 20
    while not is_done():
        assert time.monotonic() < deadline_s
        for key, _ in selector.select(0.5):
            key.data()


def test_a_name_of_this_machine_is_found() -> None:
    with selectors.DefaultSelector() as selector:
        answers: list[list[str]] = []
        Resolver(selector).look_up("localhost", answers.append)
        assert not answers, "nobody waited"
        turn_until(selector, lambda: bool(answers))
        assert set(answers[0]) & {"127.0.0.1", "::1"}
        assert not selector.get_map()


@pytest.mark.parametrize("name", ["", "does-not-exist.invalid", "a" * 300, "\x00", "-x"])
def test_what_cannot_be_found_has_no_addresses(name: str) -> None:
    with selectors.DefaultSelector() as selector:
        answers: list[list[str]] = []
        Resolver(selector).look_up(name, answers.append)
        turn_until(selector, lambda: bool(answers))
        assert answers == [[]]


def test_many_questions_wait_their_turn_and_too_many_are_answered_at_once() -> None:
    with selectors.DefaultSelector() as selector:
        resolver, answers = Resolver(selector), []
        for _ in range(RUNNING_MAX + WAITING_MAX):
            resolver.look_up("127.0.0.1", answers.append)
        assert not answers
        assert len(selector.get_map()) == RUNNING_MAX
        refused: list[list[str]] = []
        resolver.look_up("127.0.0.1", refused.append)
        assert refused == [[]]
        turn_until(selector, lambda: len(answers) == RUNNING_MAX + WAITING_MAX)
        assert answers == [["127.0.0.1"]] * (RUNNING_MAX + WAITING_MAX)


def test_closing_ends_what_is_under_way() -> None:
    with selectors.DefaultSelector() as selector:
        resolver, answers = Resolver(selector), []
        for _ in range(RUNNING_MAX + 1):
            resolver.look_up("localhost", answers.append)
        processes = [lookup.process for lookup in resolver._running.values()]
        resolver.close()
        assert not selector.get_map()
        assert all(process.poll() is not None for process in processes)
        assert answers == []


def test_the_name_is_no_argument_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """T20: arguments of processes are readable to every user of the machine."""
    started: list[list[str]] = []
    start = resolver_module.subprocess.Popen

    def noted(command: list[str], **more: object) -> object:
        started.append([*command, str(more.get("env"))])
        return start(command, **more)  # type: ignore[call-overload]  # handed on as they came

    monkeypatch.setattr(resolver_module.subprocess, "Popen", noted)
    with selectors.DefaultSelector() as selector:
        answers: list[list[str]] = []
        Resolver(selector).look_up("secret.invalid", answers.append)
        turn_until(selector, lambda: bool(answers))
    assert "secret" not in str(started)
