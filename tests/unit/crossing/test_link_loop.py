"""The loop that serves gateways: a broken link costs nobody else, and nothing ends too early."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.link_loop import LinkLoop
from echoless.crossing.wire import Frame, encode_frame

pytestmark = pytest.mark.unit

_KIND = 7
_TURNS_MAX, _WAIT_S_MAX = 50, 0.05


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_ms(self) -> int:
        return round(self.now_s * 1000)


class Rounds(LinkLoop):
    """Each frame is a piece of work, done one a turn; `foreign` is for another process, `rest` stays undone."""

    def __init__(self, journal: MemoryJournal, clock: Clock, prepare: Callable[[], bool] | None = None) -> None:
        super().__init__(journal=journal, clock=clock, prepare=prepare)
        self.due: deque[bytes] = deque()
        self.resting: list[bytes] = []
        self.links: list[GatewayLink] = []
        self.done: list[str] = []
        self.waits: list[float | None] = []
        self.on_turn: Callable[[], None] = lambda: None

    def turn(self, timeout_s: float | None) -> None:
        self.waits.append(timeout_s)
        assert len(self.waits) < _TURNS_MAX, "it should have ended"
        self.on_turn()
        # A loop that waits for nothing is to fail, and not to hang.
        self._take(_WAIT_S_MAX if timeout_s is None else min(timeout_s, _WAIT_S_MAX))
        if self.due:
            self.done.append(self.due.popleft().decode())

    def say(self, data: bytes) -> None:
        """Send to the first gateway that has said something."""
        self.links[0].send(data)
        self._watch_writes(self.links[0])

    def _receive(self, link: GatewayLink, frame: Frame) -> None:
        if frame.payload == b"foreign":
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "not for us")
        self.links.append(link)
        (self.resting if frame.payload == b"rest" else self.due).append(frame.payload)

    def _resume(self, link: GatewayLink) -> None:
        self.done.append("resumed")

    def _link_gone(self, link: GatewayLink) -> None:
        self.done.append("gone" if link.is_closed else "gone while it was open")

    def _end_all(self) -> None:
        self.done.append("ended")

    @property
    def _has_steps(self) -> bool:
        return bool(self.due)

    @property
    def _has_work(self) -> bool:
        return bool(self.due or self.resting)


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loop(journal: MemoryJournal, clock: Clock) -> Iterator[Rounds]:
    loop = Rounds(journal, clock)
    yield loop
    loop.close()


@pytest.fixture
def gateways(loop: Rounds) -> Iterator[list[socket.socket]]:
    """The far ends of two links."""
    ends: list[socket.socket] = []
    for _ in range(2):
        near, far = socket.socketpair()
        far.setblocking(False)
        loop.add_link(near)
        ends.append(far)
    yield ends
    for end in ends:
        end.close()


def work(name: str) -> bytes:
    return encode_frame(_KIND, name.encode())


def is_cut(end: socket.socket) -> bool:
    """Whether the other side has closed, with nothing left to read."""
    try:
        return end.recv(1) == b""
    except BlockingIOError:
        return False


def test_every_link_is_served_and_every_frame_taken_in_its_order(
    loop: Rounds, gateways: list[socket.socket]
) -> None:
    gateways[0].sendall(work("a") + work("b"))
    loop.turn(0)
    gateways[1].sendall(work("c"))
    for _ in range(3):
        loop.turn(0)
    assert loop.done == ["a", "b", "c"]


def test_a_gateway_that_leaves_is_forgotten_and_the_others_are_served(
    loop: Rounds, gateways: list[socket.socket]
) -> None:
    gateways[0].close()
    loop.turn(0)
    gateways[1].sendall(work("still here"))
    loop.turn(0)
    loop.turn(0)
    assert loop.done == ["gone", "still here"]
    # One of these has the number that the descriptor of the link had.
    for end in socket.socketpair():
        loop.add_link(end)


@pytest.mark.parametrize("broken", [b"\xff" * 64, work("foreign")])
def test_what_is_no_frame_or_not_for_it_costs_its_link_only(
    loop: Rounds, gateways: list[socket.socket], journal: MemoryJournal, broken: bytes
) -> None:
    gateways[0].sendall(work("before") + broken + work("after"))
    gateways[1].sendall(work("other"))
    for _ in range(4):
        loop.turn(0)
    assert sorted(loop.done) == ["before", "gone", "other"]
    assert journal.events == [(Event.FRAME_REFUSED, {"code": ErrorCode.CROSSING_BROKEN})]
    assert is_cut(gateways[0])
    assert not is_cut(gateways[1])


def test_an_error_that_is_not_ours_is_not_taken_for_a_broken_frame(
    loop: Rounds, gateways: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_link: GatewayLink, _frame: Frame) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(loop, "_receive", fail)
    gateways[0].sendall(work("a"))
    with pytest.raises(ZeroDivisionError):
        loop.turn(0)


def test_a_retired_loop_serves_until_its_last_gateway_has_left(loop: Rounds, gateways: list[socket.socket]) -> None:
    """A gateway closes its link only when its last job has ended: work may still come until then."""
    acts = [
        gateways[0].close,
        lambda: gateways[1].sendall(work("late") + work("last")),
        lambda: None,
        gateways[1].close,
    ]
    loop.on_turn = lambda: acts.pop(0)()
    loop.retire()
    loop.run()
    assert not acts
    assert loop.done == ["gone", "late", "last", "gone"]


def test_a_loop_that_has_not_retired_outlives_its_last_gateway(loop: Rounds, gateways: list[socket.socket]) -> None:
    for end in gateways:
        end.close()
    ends = iter([False, False, True])
    loop.on_turn = lambda: loop.stop(0.0) if next(ends) else None
    near, far = socket.socketpair()
    loop.add_watch(near, lambda: None)
    far.sendall(b"so that nobody waits")
    loop.run()
    assert loop.done == ["gone", "gone"]
    assert len(loop.waits) == 3
    near.close()
    far.close()


def test_a_stopped_loop_finishes_its_work_and_waits_for_no_gateway(
    loop: Rounds, gateways: list[socket.socket]
) -> None:
    gateways[0].sendall(work("a") + work("b"))
    loop.turn(0)
    loop.stop(5.0)
    loop.run()
    assert loop.done == ["a", "b"]
    assert loop.waits[1:] == [0.0]


def test_work_that_rests_holds_a_stopped_loop_until_its_deadline_only(
    loop: Rounds, gateways: list[socket.socket], clock: Clock
) -> None:
    gateways[0].sendall(work("rest"))
    loop.turn(0)
    loop.stop(0.02)

    def pass_time() -> None:
        clock.now_s += 0.015

    loop.on_turn = pass_time
    loop.run()
    assert loop.waits[1:] == pytest.approx([0.02, 0.005])
    loop.run()
    assert len(loop.waits) == 3


def test_a_watch_is_told_whenever_its_descriptor_can_be_read(loop: Rounds) -> None:
    near, far = socket.socketpair()
    told: list[bytes] = []
    loop.add_watch(near, lambda: told.append(near.recv(1)))
    loop.turn(0)
    assert told == []
    far.sendall(b"xy")
    loop.turn(0)
    loop.turn(0)
    assert told == [b"x", b"y"]
    loop.turn(0)
    assert len(told) == 2
    near.close()
    far.close()


def test_a_link_is_watched_for_room_only_while_something_waits(loop: Rounds, gateways: list[socket.socket]) -> None:
    gateways[0].sendall(work("hello"))
    loop.turn(0)
    loop.turn(0)
    assert loop.done == ["hello"], "a link that has room is no reason to wake"
    loop.say(bytes(4_000_000))
    loop.turn(0)
    assert loop.done == ["hello"], "its reader has read nothing yet"
    received = 0
    while received < 4_000_000:
        received += len(gateways[0].recv(1_000_000))
        loop.turn(0)
    resumed_count = loop.done.count("resumed")
    assert resumed_count > 1
    loop.turn(0)
    assert loop.done.count("resumed") == resumed_count


def test_preparations_are_made_only_while_no_step_is_due(journal: MemoryJournal, clock: Clock) -> None:
    due_counts: list[int] = []

    def prepare() -> bool:
        due_counts.append(len(loop.due))
        return len(due_counts) < 3

    def end_while_nothing_is_left_to_prepare() -> None:
        if len(due_counts) == 3:
            loop.stop(0.0)
            far.sendall(work("so that nobody waits"))

    loop = Rounds(journal, clock, prepare)
    near, far = socket.socketpair()
    loop.add_link(near)
    far.sendall(work("a") + work("b") + work("c"))
    loop.turn(0)
    loop.on_turn = end_while_nothing_is_left_to_prepare
    loop.run()
    assert due_counts == [0, 0, 0]
    assert loop.waits[1:] == [0.0, 0.0, 0.0, 0.0, None]
    loop.close()
    far.close()


def test_close_ends_the_work_and_then_every_link(loop: Rounds, journal: MemoryJournal, clock: Clock) -> None:
    closing = Rounds(journal, clock)
    near, far = socket.socketpair()
    watched, other = socket.socketpair()
    closing.add_link(near)
    closing.add_watch(watched, lambda: None)
    closing.close()
    assert closing.done == ["ended"]
    assert far.recv(1) == b""
    assert watched.fileno() >= 0, "what is only watched belongs to somebody else"
    for end in (far, watched, other):
        end.close()
