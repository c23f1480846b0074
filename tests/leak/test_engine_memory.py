"""What is left of a job in an engine process, searched for in all its memory by its parent. (6)"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import MASK, Needle, audio_needles
from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.processes import family_of
from echoless.crossing.records import (
    KIND_AUDIO,
    Cancel,
    Normalization,
    Speak,
    SpeechEnded,
    core_registry,
)
from echoless.crossing.wire import FrameReader

pytestmark = pytest.mark.leak

PROGRAM = """
import gc, socket, sys
from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.scheduler import EngineHost
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.host.warm_up import warm_up
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.speech.flow import TextPlanner
parts = SpeechParts(EspeakEngine(is_scrubbing=sys.argv[2] == "scrub"), new_encoder, TextPlanner({}))
host = EngineHost(parts, journal=MemoryJournal(), clock=SystemClock())
warm_up(parts)
gc.collect()
gc.freeze()
end = socket.socket(fileno=int(sys.argv[1]))
end.send(b"r")
host.add_link(end)
host.run()
"""
# glibc leaves the last eight bytes of some freed blocks as they were; only CPython's debugging allocator, which
# surrounds each object with bytes of its own, covers them. Without it shorter texts cannot be promised.
OVERWRITES_TAILS = ALLOCATOR_ENVIRONMENT["PYTHONMALLOC"].endswith("debug")
WORDS = ("zorvaltick", "quembifoyd", "wixjarnuph", "drovskelit", "hyzzumbrak", "fjolquendr")


class EngineProcess:
    """A process with a host, and our end of its link."""

    def __init__(self, process: subprocess.Popen[bytes], end: socket.socket) -> None:
        self.process = process
        self.end = end
        self.reader = FrameReader()
        self.registry = core_registry()
        self.count = 0

    def job(self, text: str, output_format: str, cancel_after_bytes: int | None = None) -> bytes:
        self.count += 1
        record = Speak(text, "21m00Tcm4TlvDq8ikWAM", "", output_format, {}, None, Normalization.AUTO, False, 2**40)
        self.end.sendall(self.registry.encode(record, correlation=self.count))
        audio = bytearray()
        while True:
            received = self.end.recv_into(self.reader.writable())
            assert received, "the engine process ended"
            for frame in self.reader.advance(received):
                if frame.header.correlation != self.count:
                    continue
                if frame.header.kind == KIND_AUDIO:
                    audio += frame.payload
                elif frame.header.kind == SpeechEnded.KIND:
                    return bytes(audio)
            if cancel_after_bytes is not None and len(audio) >= cancel_after_bytes:
                self.end.sendall(self.registry.encode(Cancel(), correlation=self.count))
                return bytes(audio)

    def copies_of(self, text: str, audio: dict[str, bytes]) -> set[str]:
        """Return the kinds of what is found of a text and some audio."""
        time.sleep(0.2)  # the engine ends the job after its last frame
        needles = [needle for kind, data in audio.items() for needle in audio_needles(data, kind, kind, 400)]
        words = set(text.split()) & set(WORDS)
        if not words and OVERWRITES_TAILS:
            words = {text}
        for word in words:
            for form in ("utf-8", "utf-16-le", "utf-32-le"):
                needles.append(Needle(form, "text", word.encode(form).translate(MASK)))
        scan = scan_memory(family_of(self.process.pid), needles)
        assert scan.is_complete
        assert scan.read_bytes > 20 * 2**20
        return scan.owners()


@contextmanager
def engine_process(*, scrubs: bool = True, overwrites: bool = True) -> Iterator[EngineProcess]:
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name not in ALLOCATOR_ENVIRONMENT}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(theirs.fileno()), "scrub" if scrubs else "keep"],
        pass_fds=[theirs.fileno()],
        env=environment | (dict(ALLOCATOR_ENVIRONMENT) if overwrites else {}),
    )
    theirs.close()
    try:
        assert ours.recv(1) == b"r"
        yield EngineProcess(process, ours)
    finally:
        ours.close()
        process.kill()
        process.wait()


def clause(length: int, turn: int = 0) -> str:
    text = " ".join(WORDS[(index + turn) % len(WORDS)] for index in range(length // 10 + 2))
    return text[:length]


@pytest.mark.claim("Z1")
@pytest.mark.claim("Z17")
@pytest.mark.seed("S3.2")
def test_nothing_of_a_job_is_left_in_the_engine_process() -> None:
    """Clauses of 5, 300 and 5,000 characters, each codec, cancelled jobs; the samples inside too. (C32, C39)"""
    with engine_process() as twin, engine_process() as engine:
        for output_format in ("mp3_44100_128", "opus_48000_64", "ulaw_8000", "wav_16000", "pcm_22050"):
            for length in (5, 300, 5_000):
                text = clause(length)
                audio = {output_format: engine.job(text, output_format)}
                audio["samples"] = twin.job(text, "pcm_22050")
                assert engine.copies_of(text, audio) == set(), (output_format, length)
        text = clause(5_000, turn=1)
        audio = {"cancelled": engine.job(text, "mp3_44100_128", cancel_after_bytes=20_000)}
        assert engine.copies_of(text, audio) == set()


@pytest.mark.claim("Z17")
def test_the_search_finds_what_is_left_when_the_flush_is_off() -> None:
    with engine_process(scrubs=False) as engine:
        text = clause(300)
        assert engine.copies_of(text, {"samples": engine.job(text, "pcm_22050")}) == {"text"}


@pytest.mark.claim("Z17")
def test_the_search_finds_what_is_left_when_the_allocator_keeps_it() -> None:
    with engine_process(overwrites=False) as engine:
        text = clause(300)
        found = engine.copies_of(text, {"encoded": engine.job(text, "mp3_44100_128")})
        assert {"text", "encoded"} & found
