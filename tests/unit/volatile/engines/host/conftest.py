"""A host with tones, and a gateway's end of a link to it, in one thread and without waiting."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS
from echoless.crossing.records import KIND_AUDIO, Normalization, Record, Speak, SpeechEnded, core_registry
from echoless.crossing.wire import FrameReader
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.scheduler import EngineHost
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.flow import TextPlanner

VOICE_ID = "21m00Tcm4TlvDq8ikWAM"
OPEN_WINDOW = 2**40


def speak(text: str, **changes: object) -> Speak:
    """Return a job with usual values."""
    fields: dict[str, object] = {
        "text": text, "catalogue_id": VOICE_ID, "language_code": "", "output_format": "pcm_22050", "settings": {},
        "seed": None, "normalization": Normalization.OFF, "wants_alignment": False, "window_bytes": OPEN_WINDOW,
    }  # fmt: skip
    return Speak(**(fields | changes))  # type: ignore[arg-type]  # each test names real fields


class TurningClock:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def unix_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s


@dataclass
class Heard:
    """What came of one job, in order."""

    audio: bytearray = field(default_factory=bytearray)
    frame_bytes: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    @property
    def ending(self) -> SpeechEnded | None:
        last = self.records[-1] if self.records else None
        return last if isinstance(last, SpeechEnded) else None


class Gateway:
    """The far end of a link."""

    def __init__(self, host: EngineHost) -> None:
        self.host = host
        near, self.end = socket.socketpair()
        host.add_link(near)
        self.end.setblocking(False)
        self.registry = core_registry(DIAGNOSIS_RECORDS)
        self.reader = FrameReader()
        self.jobs: dict[int, Heard] = {}
        self.order: list[int] = []

    def send(self, record: Record, job: int = 1) -> None:
        self.end.setblocking(True)
        self.end.sendall(self.registry.encode(record, correlation=job))
        self.end.setblocking(False)

    def read(self) -> None:
        while True:
            try:
                count = self.end.recv_into(self.reader.writable())
            except BlockingIOError:
                return
            for frame in self.reader.advance(count):
                job = frame.header.correlation
                heard = self.jobs.setdefault(job, Heard())
                self.order.append(job)
                if frame.header.kind == KIND_AUDIO:
                    assert frame.header.is_content
                    heard.audio += frame.payload
                    heard.frame_bytes.append(len(frame.payload))
                else:
                    heard.records.append(self.registry.decode(frame))

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.host.turn(0)
            self.read()

    def until_ended(self, job: int = 1, turns_max: int = 20_000) -> Heard:
        for _ in range(turns_max):
            self.turns(1)
            if job in self.jobs and self.jobs[job].ending is not None:
                return self.jobs[job]
        raise AssertionError("the job did not end")


@pytest.fixture
def parts() -> SpeechParts:
    return SpeechParts(ToneEngine(), new_encoder, TextPlanner({}))


@pytest.fixture
def clock() -> TurningClock:
    return TurningClock()


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def host(parts: SpeechParts, clock: TurningClock, journal: MemoryJournal) -> Iterator[EngineHost]:
    host = EngineHost(parts, journal=journal, clock=clock, jobs_max=8)
    yield host
    host.close()


@pytest.fixture
def gateway(host: EngineHost) -> Iterator[Gateway]:
    gateway = Gateway(host)
    yield gateway
    gateway.end.close()
