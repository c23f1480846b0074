"""The writer's thread: does one thing after another, in order, and lets a long task make way between its steps.

A copy of a database takes seconds. It must be made on the connection that writes, or every commit would begin it
anew; so it calls `make_way` after each few pages, and what waits is done there and then, in the same thread.

A task is a plain function with synchronous connections. PostgreSQL's driver knows coroutines only, so where there
is one, tasks run inside SQLAlchemy's own bridge, on a loop of the thread that stands still between two tasks.
source: SQLAlchemy, `AsyncConnection.run_sync`
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from sqlalchemy.util import greenlet_spawn

P = ParamSpec("P")
T = TypeVar("T")


class SerialThread(Executor):
    """An executor with one thread of its own, begun at once.

    is_bridged: whether its tasks speak to PostgreSQL
    """

    def __init__(self, name: str, *, is_bridged: bool = False) -> None:
        self._is_bridged = is_bridged
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_ending = False
        self._has_ended = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do this after everything that was submitted before.

        raises: RuntimeError after `shutdown`
        """
        future: Future[T] = Future()

        def task() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # whoever waits for the future gets it, whatever it is
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._is_ending:
                raise RuntimeError("this thread takes no more work")
            self._tasks.put(task)
        return future

    def make_way(self) -> int:
        """Do what waits now, from inside a task of this thread; return how many tasks that was."""
        assert threading.current_thread() is self._thread, "only a task of this thread makes way"
        count = 0
        for _ in range(self._tasks.qsize()):
            task = self._tasks.get()
            if task is None:
                # The end comes after the task that made way.
                self._has_ended = True
                break
            task()
            count += 1
        return count

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work; what was submitted is still done."""
        assert not cancel_futures, "what was submitted is done"
        with self._lock:
            if not self._is_ending:
                self._is_ending = True
                self._tasks.put(None)
        if wait:
            self._thread.join()

    def _run(self) -> None:
        if not self._is_bridged:
            self._run_with(lambda task: task())
            return
        loop = asyncio.new_event_loop()
        try:
            self._run_with(lambda task: loop.run_until_complete(greenlet_spawn(task)))
        finally:
            loop.close()

    def _run_with(self, do: Callable[[Callable[[], None]], None]) -> None:
        while not self._has_ended:
            task = self._tasks.get()
            if task is None:
                return
            # What `make_way` does runs inside the task that called it, and so inside its bridge.
            do(task)
            # Or this frame would hold what was asked and answered until somebody asks again.
            del task
