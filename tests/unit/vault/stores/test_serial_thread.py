"""The writer's thread does one thing after another, and makes way when it is told to."""

from __future__ import annotations

import threading
import weakref

import pytest

from echoless.vault.stores.serial_thread import SerialThread

pytestmark = pytest.mark.unit


class Asked:
    """Something that was asked, and answered with itself."""

    def answer(self) -> Asked:
        return self


@pytest.mark.parametrize("is_bridged", [False, True])
def test_a_thread_at_rest_holds_neither_what_was_asked_nor_the_answer(*, is_bridged: bool) -> None:
    thread, is_gone, asked = SerialThread("test", is_bridged=is_bridged), threading.Event(), Asked()
    weakref.finalize(asked, is_gone.set)
    assert thread.submit(asked.answer).result(10) is asked
    del asked
    assert is_gone.wait(5)
    thread.shutdown()


def test_tasks_run_in_order_in_one_thread() -> None:
    thread = SerialThread("test")
    seen: list[tuple[int, int]] = []
    for number in range(20):
        thread.submit(lambda n: seen.append((n, threading.get_ident())), number)
    thread.shutdown()
    assert [number for number, _ in seen] == list(range(20))
    assert len({ident for _, ident in seen}) == 1


def test_an_error_reaches_whoever_waits_and_the_thread_lives_on() -> None:
    thread = SerialThread("test")
    failed = thread.submit(int, "no number")
    assert isinstance(failed.exception(10), ValueError)
    assert thread.submit(int, "7").result(10) == 7
    thread.shutdown()


def test_a_long_task_makes_way_for_what_waits() -> None:
    thread = SerialThread("test")
    may_go_on, seen = threading.Event(), list[str]()

    def long() -> int:
        may_go_on.wait(10)
        seen.append("before")
        count = thread.make_way()
        seen.append("after")
        return count

    running = thread.submit(long)
    waiting = [thread.submit(seen.append, "between"), thread.submit(seen.append, "between")]
    may_go_on.set()
    assert running.result(10) == 2
    assert [each.result(10) for each in waiting] == [None, None]
    assert seen == ["before", "between", "between", "after"]
    thread.shutdown()


def test_an_end_that_comes_while_a_task_makes_way_comes_after_the_task() -> None:
    thread = SerialThread("test")
    may_go_on, has_begun = threading.Event(), threading.Event()

    def long() -> str:
        has_begun.set()
        may_go_on.wait(10)
        thread.make_way()
        return "whole"

    running = thread.submit(long)
    assert has_begun.wait(10)
    thread.shutdown(wait=False)
    may_go_on.set()
    assert running.result(10) == "whole"
    thread.shutdown()
    with pytest.raises(RuntimeError):
        thread.submit(int)
