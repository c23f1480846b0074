"""The loop of live sessions: turns, refusals, failures, ends. Everything in one thread, no waiting."""

from __future__ import annotations

import gc
import json
import socket
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec
import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.live_records import Commit, CommittedText, Listen, ListeningEnded, PartialText
from echoless.crossing.media_records import KIND_INPUT_AUDIO, EndInput, InputCredit
from echoless.crossing.records import Cancel, CloseStatus, CloseTicket, Record, core_registry
from echoless.crossing.wire import FrameReader, encode_frame
from echoless.volatile.engines.codecs.live_input import LiveInput
from echoless.volatile.engines.live.host import LISTENING_RECORDS, LiveHost
from echoless.volatile.engines.live.listening import ListeningParts
from echoless.volatile.engines.null.live import LoudIsSpeech, NullLiveRecognizer, NullLiveSession
from echoless.volatile.speech.hearing_ports import HearingOptions
from tests.unit.volatile.engines.live.test_listening import ORDER, SECOND

pytestmark = pytest.mark.unit

TICKET = TicketId(b"t" * 16)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s


class Held:
    """What lives as long as the frame that has it."""


class Bounded(NullLiveRecognizer):
    """Opens two sessions; one that is told the term `fail` fails."""

    def __init__(self) -> None:
        self.closed_count = 0
        self.open_count = 0
        self.held: list[weakref.ref[Held]] = []

    def open(self, options: HearingOptions) -> NullLiveSession:
        if self.open_count - self.closed_count == 2:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "full")
        self.open_count += 1
        return _Session(self, [term.reveal() for term in options.keyterms])


class _Session(NullLiveSession):
    def __init__(self, owner: Bounded, terms: list[str]) -> None:
        super().__init__()
        self._owner = owner
        self._terms = terms

    def hear(self, pcm: AudioContent) -> TextContent | None:
        if "fail" in self._terms:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "failed")
        if "bug" in self._terms:
            held = Held()
            self._owner.held.append(weakref.ref(held))
            raise ValueError("a text that must not travel")
        return super().hear(pcm)

    def close(self) -> None:
        self._owner.closed_count += 1


@dataclass
class Gateway:
    """The other end of a link."""

    host: LiveHost
    end: socket.socket = field(init=False)
    reader: FrameReader = field(default_factory=FrameReader)
    heard: list[tuple[int, Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.end, theirs = socket.socketpair()
        self.end.setblocking(False)
        self.host.add_link(theirs)
        self.registry = core_registry(LISTENING_RECORDS)

    def send(self, record: Record, session: int = 1) -> None:
        self.end.sendall(self.registry.encode(record, correlation=session, ticket=TICKET))

    def say(self, audio: AudioContent, session: int = 1) -> None:
        data = audio.reveal()
        self.end.sendall(encode_frame(KIND_INPUT_AUDIO, data, is_content=True, correlation=session, ticket=TICKET))

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.host.turn(0)
            self.read()

    def read(self) -> None:
        try:
            count = self.end.recv_into(self.reader.writable())
        except BlockingIOError:
            return
        for frame in self.reader.advance(count):
            assert frame.header.ticket == TICKET
            self.heard.append((frame.header.correlation, self.registry.decode(frame)))

    def of(self, record_type: type[Record], session: int = 1) -> list[Record]:
        return [record for number, record in self.heard if number == session and isinstance(record, record_type)]


@pytest.fixture
def recognizer() -> Bounded:
    return Bounded()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rests() -> list[str]:
    return []


@pytest.fixture
def host(recognizer: Bounded, journal: MemoryJournal, clock: Clock, rests: list[str]) -> Iterator[LiveHost]:
    parts = ListeningParts({"": recognizer}, lambda _threshold: LoudIsSpeech(), LiveInput)
    host = LiveHost(parts, journal=journal, clock=clock, on_idle=lambda: rests.append("rest"))
    yield host
    host.close()


@pytest.fixture
def gateway(host: LiveHost) -> Iterator[Gateway]:
    gateway = Gateway(host)
    yield gateway
    gateway.end.close()


def test_a_session_hears_commits_and_ends(gateway: Gateway, recognizer: Bounded, rests: list[str]) -> None:
    gateway.send(ORDER)
    gateway.say(SECOND)
    gateway.turns(20)
    assert gateway.of(InputCredit) == [InputCredit(32_000)]
    assert gateway.of(PartialText)
    assert not rests
    gateway.send(Commit())
    gateway.send(EndInput())
    gateway.turns(3)
    (committed,) = gateway.of(CommittedText)
    assert isinstance(committed, CommittedText)
    assert committed.text.startswith("Null transcript.")
    assert gateway.heard[-1][1] == ListeningEnded("", 1_000)
    assert recognizer.closed_count == 1
    assert rests == ["rest"]


def test_sessions_take_turns(gateway: Gateway) -> None:
    for session in (1, 2):
        gateway.send(ORDER, session)
        gateway.say(SECOND, session)
    gateway.turns(6)
    assert gateway.of(PartialText, 1)
    assert gateway.of(PartialText, 2)
    assert not gateway.of(InputCredit, 1)


def test_one_session_too_many_is_answered_by_its_ending(gateway: Gateway) -> None:
    for session in (1, 2, 3):
        gateway.send(ORDER, session)
    gateway.turns(3)
    assert gateway.of(ListeningEnded, 3) == [ListeningEnded("concurrent_limit_exceeded", 0)]
    gateway.send(EndInput(), 1)
    gateway.turns(3)
    gateway.send(ORDER, 4)
    gateway.turns(3)
    assert not gateway.of(ListeningEnded, 4)


@pytest.mark.parametrize(("term", "code"), [("fail", "engine_unavailable"), ("bug", "internal_error")])
def test_a_session_that_fails_ends_alone(
    gateway: Gateway, journal: MemoryJournal, recognizer: Bounded, term: str, code: str
) -> None:
    gateway.send(ORDER, 1)
    gateway.send(msgspec.structs.replace(ORDER, keyterms=[term]), 2)
    gateway.say(SECOND, 2)
    gateway.say(SECOND, 1)
    gateway.turns(15)
    (ending,) = gateway.of(ListeningEnded, 2)
    assert isinstance(ending, ListeningEnded)
    assert ending.error_code == code
    assert recognizer.closed_count == 1
    assert gateway.of(InputCredit, 1)
    assert "must not travel" not in repr(journal.events)
    assert (Event.UNEXPECTED_ERROR in [event for event, _fields in journal.events]) is (term == "bug")


@pytest.mark.claim("Z35")
@pytest.mark.parametrize("term", ["fail", "bug"])
def test_a_failure_is_told_only_where_its_order_wants_it(gateway: Gateway, term: str) -> None:
    order = msgspec.structs.replace(ORDER, keyterms=[term])
    gateway.send(order, 1)
    gateway.send(msgspec.structs.replace(order, wants_diagnosis=True), 2)
    for session in (1, 2):
        gateway.say(SECOND, session)
    gateway.turns(15)
    assert gateway.of(JobDiagnosis, 1) == []
    (told,) = gateway.of(JobDiagnosis, 2)
    assert isinstance(told, JobDiagnosis)
    assert json.loads(told.told)["state"]["order"]["keyterms"] == [term]
    assert gateway.of(ListeningEnded, 2)


@pytest.mark.claim("Z35")
def test_nothing_of_a_failure_outlives_its_turn_also_while_others_go_on(
    gateway: Gateway, recognizer: Bounded
) -> None:
    """What is told of an error is what the names in its frames mean, which hold the error itself."""
    gateway.send(ORDER, 1)
    gateway.send(msgspec.structs.replace(ORDER, keyterms=["bug"], wants_diagnosis=True), 2)
    gateway.say(SECOND, 2)
    gc.disable()
    try:
        gateway.turns(15)
        alive = [held() for held in recognizer.held]
    finally:
        gc.enable()
    assert gateway.of(JobDiagnosis, 2)
    assert not gateway.of(ListeningEnded, 1)
    assert alive == [None]


def test_cancel_ends_a_session_without_a_word(gateway: Gateway, recognizer: Bounded) -> None:
    gateway.send(ORDER)
    gateway.say(SECOND)
    gateway.turns(2)
    gateway.send(Cancel())
    gateway.turns(1)
    assert recognizer.closed_count == 1
    count = len(gateway.heard)
    gateway.say(SECOND)
    gateway.turns(20)
    assert len(gateway.heard) == count


def test_a_gateway_that_is_gone_ends_its_sessions(host: LiveHost, recognizer: Bounded) -> None:
    gateway = Gateway(host)
    gateway.send(ORDER, 1)
    gateway.send(ORDER, 2)
    gateway.turns(2)
    gateway.end.close()
    host.turn(0)
    assert recognizer.closed_count == 2


def test_a_record_that_is_not_for_it_closes_the_link(gateway: Gateway, journal: MemoryJournal) -> None:
    registry = core_registry()
    close = CloseTicket(CloseStatus.DONE, 200, "", 0, 0, 0)
    gateway.end.sendall(registry.encode(close, correlation=1, ticket=TICKET))
    gateway.host.turn(0)
    assert [event for event, _fields in journal.events] == [Event.FRAME_REFUSED]
    assert gateway.end.recv(1) == b""


def test_two_sessions_with_one_number_close_the_link(gateway: Gateway, recognizer: Bounded) -> None:
    gateway.send(ORDER)
    gateway.send(ORDER)
    gateway.host.turn(0)
    assert gateway.end.recv(1) == b""
    assert recognizer.closed_count == 1


def test_a_session_whose_reader_is_deaf_rests(gateway: Gateway, host: LiveHost) -> None:
    gateway.send(ORDER)
    gateway.turns(1)
    (link,) = {seat.link for seat in host._seats.values()}
    link.queue(bytes(1_000_000))
    gateway.say(SECOND)
    for _ in range(20):
        host.turn(0)
    assert not host._turns
    (seat,) = host._seats.values()
    assert seat.listening is not None
    assert seat.listening.has_work


def test_a_stopped_host_ends_its_sessions_and_takes_no_new_one(
    gateway: Gateway, host: LiveHost, clock: Clock
) -> None:
    gateway.send(ORDER)
    gateway.turns(1)
    host.stop(5.0)
    gateway.send(ORDER, 2)
    gateway.turns(1)
    assert gateway.of(ListeningEnded, 2) == [ListeningEnded("engine_unavailable", 0)]
    gateway.send(EndInput())
    host.run()
    gateway.read()
    assert gateway.of(ListeningEnded, 1) == [ListeningEnded("", 0)]
    gateway.host.stop(0.0)
    clock.now_s = 10.0
    host.run()


def test_a_retired_host_ends_when_its_gateways_have_left(host: LiveHost) -> None:
    gateway = Gateway(host)
    gateway.turns(1)
    host.retire()
    gateway.end.close()
    host.run()


def test_preparations_are_made_while_nothing_is_due(recognizer: Bounded, journal: MemoryJournal) -> None:
    left = [True, True, False]
    parts = ListeningParts({"": recognizer}, lambda _threshold: LoudIsSpeech(), LiveInput)
    host = LiveHost(parts, journal=journal, clock=Clock(), prepare=lambda: left.pop(0))
    ours, theirs = socket.socketpair()
    host.add_watch(theirs, lambda: host.stop(0.0))
    ours.sendall(b"x")
    host.run()
    assert len(left) < 3
    host.close()
    ours.close()
    theirs.close()


def test_an_order_prints_as_its_type() -> None:
    assert repr(ORDER) == "<Listen>"
    assert isinstance(ORDER, Listen)
