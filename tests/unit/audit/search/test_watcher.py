"""A watch takes what is told, looks at intervals, and never ends unnoticed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from echoless.audit.search.watcher import watching
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit


@dataclass(slots=True)
class Told:
    """A source that reads a pipe."""

    pipe: int
    taken: list[bytes] = field(default_factory=list)
    looked: threading.Event = field(default_factory=threading.Event)
    on_look: Callable[[], None] = lambda: None
    is_closed: bool = False

    def descriptor(self) -> int | None:
        return self.pipe

    def take(self) -> None:
        self.taken.append(os.read(self.pipe, 100))

    def look(self) -> None:
        self.looked.set()
        self.on_look()

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_what_is_told_is_taken_also_at_the_very_end(pipe: tuple[int, int]) -> None:
    source = Told(pipe[0])
    with watching([source]):
        assert source.looked.wait(5)
        os.write(pipe[1], b"last")
    assert source.taken == [b"last"]
    assert source.is_closed


def test_a_watch_that_failed_says_so(pipe: tuple[int, int]) -> None:
    def fail() -> None:
        raise ValueError("secret")

    with pytest.raises(EcholessError, match="the watch ended early: ValueError") as raised, watching([]):
        pass_over = Told(pipe[0], on_look=fail)
        with watching([pass_over]):
            assert pass_over.looked.wait(5)
    assert "secret" not in str(raised.value)


def test_a_failing_block_is_not_hidden_by_the_watch(pipe: tuple[int, int]) -> None:
    source = Told(pipe[0])
    with pytest.raises(KeyError), watching([source]):
        raise KeyError
    assert source.is_closed
