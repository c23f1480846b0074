"""What is left of a job in a process that runs installed models, searched for in all its memory by its parent. (6)

The models are tiny ones of random weights; the code that runs them is the real one.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import MASK, Needle, audio_needles
from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT
from echoless.core.content import TextContent
from echoless.core.model_catalogue import InstalledModel
from echoless.core.processes import family_of
from echoless.volatile.engines.tts import sherpa
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.engines.tts.sherpa import SherpaEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance

pytest.importorskip("sherpa_onnx", reason="the extra `neural` is not installed")
pytest.importorskip("faster_whisper", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.neural_models import piper_model, styled_model, transducer_model
from tests.fakes.whisper_model import whisper_model

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z17")]
WORDS = ("zorvaltickquembifoyd", "wixjarnuphdrovskelit", "hyzzumbrakfjolquendr")
# Takes one message after another: four bytes of length, content; gives back what came of it in the same form.
PROGRAM = """
import gc, socket, struct, sys
from pathlib import Path
from echoless.confinement.stack import StackWiper
from echoless.core.content import AudioContent, TextContent
from echoless.core.model_catalogue import read_installed
from echoless.volatile.speech.hearing_ports import HearingOptions
from echoless.volatile.speech.ports import Delivery, EngineVoice, Utterance
end, kind, model = socket.socket(fileno=int(sys.argv[1])), sys.argv[2], read_installed(Path(sys.argv[3]))
if kind == "speech":
    from echoless.volatile.engines.tts import sherpa
    from echoless.volatile.engines.tts.espeak import EspeakEngine
    if sys.argv[4] == "arena":
        sherpa._SESSION_FILE = Path("/dev/null")
    engine = sherpa.SherpaEngine(model, EspeakEngine())
elif kind == "live":
    from echoless.volatile.engines.stt.sherpa_streaming import SherpaLiveRecognizer
    engine = SherpaLiveRecognizer(model)
else:
    from echoless.volatile.engines.stt.faster_whisper import WhisperRecognizer
    engine = WhisperRecognizer(model)
    if sys.argv[4] == "cache":
        engine._whisper.hf_tokenizer.model._resize_cache(10_000)

def take(count):
    held = bytearray(count)
    view, got = memoryview(held), 0
    while got < count:
        got += end.recv_into(view[got:])
    data = bytes(held)
    view[:] = bytes(count)
    return data

def work(term_bytes, content_bytes):
    term = take(term_bytes).decode()
    if kind == "speech":
        text = take(content_bytes).decode()
        utterance = Utterance(0, len(text), TextContent(text), tuple(range(len(text))))
        return engine.speak(utterance, EngineVoice("en-us", "en", 50, 50, 170), Delivery()).pcm.reveal()
    pcm = AudioContent(take(content_bytes))
    options = HearingOptions(language="en", keyterms=(TextContent(term),) if term else ())
    if kind == "live":
        session = engine.open(options)
        session.hear(pcm)
        session.commit()
        session.close()
    else:
        engine.recognise(pcm, options)
    return b""

wiper = StackWiper()
end.sendall(b"r")
while True:
    made = work(*struct.unpack("<II", take(8)))
    end.sendall(struct.pack("<I", len(made)) + made)
    del made
    wiper.wipe()
    gc.collect()
    end.sendall(b"d")
"""


class Process:
    """A process with an engine, and our end of its socket."""

    def __init__(self, process: subprocess.Popen[bytes], end: socket.socket) -> None:
        self.process = process
        self.end = end

    def job(self, content: bytes, term: str = "") -> bytes:
        self.end.sendall(struct.pack("<II", len(term), len(content)) + term.encode() + content)
        made = self._take(struct.unpack("<I", self._take(4))[0])
        assert self._take(1) == b"d"
        return made

    def copies_of(self, text: str, audio: bytes, floats: bytes = b"") -> set[str]:
        """Return what is found of a text, and of samples in either form that the engines use.

        floats: samples as the model made them; those of 16 bits divided by full scale where it made none
        """
        floats = floats or (np.frombuffer(audio, dtype="<i2").astype(np.float32) / np.float32(32768)).tobytes()
        needles = audio_needles(audio, "samples", "int16", 400) + audio_needles(floats, "floats", "float32", 400)
        for word in text.split():
            for form in ("utf-8", "utf-16-le", "utf-32-le"):
                needles.append(Needle(form, "text", word.encode(form).translate(MASK)))
        scan = scan_memory(family_of(self.process.pid), needles)
        assert scan.is_complete
        assert scan.read_bytes > 20 * 2**20
        return scan.owners()

    def _take(self, count: int) -> bytes:
        held = b""
        while len(held) < count:
            received = self.end.recv(count - len(held))
            assert received, "the process ended"
            held += received
        return held


@contextmanager
def engine(kind: str, model: Path, *, fault: str = "none") -> Iterator[Process]:
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name not in ALLOCATOR_ENVIRONMENT}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **ALLOCATOR_ENVIRONMENT}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(theirs.fileno()), kind, str(model), fault],
        pass_fds=[theirs.fileno()],
        env=environment,
    )
    theirs.close()
    try:
        assert ours.recv(1) == b"r"
        yield Process(process, ours)
    finally:
        ours.close()
        process.kill()
        process.wait()


def sound(seconds: float, seed: int) -> bytes:
    samples = np.random.default_rng(seed).standard_normal(int(16_000 * seconds)) * 6_000
    return np.clip(samples, -32_000, 32_000).astype("<i2").tobytes()


def floats_of(model: InstalledModel, text: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return what a model makes of a text, before it becomes 16 bits: the same in any process."""
    made: list[bytes] = []
    scaled = sherpa.pcm_of

    def noted(samples: NDArray[np.float32]) -> bytes:
        made.append(samples.tobytes())
        return scaled(samples)

    monkeypatch.setattr(sherpa, "pcm_of", noted)
    utterance = Utterance(0, len(text), TextContent(text), tuple(range(len(text))))
    phonemizer = EspeakEngine()
    SherpaEngine(model, phonemizer).speak(utterance, EngineVoice("en-us", "en", 50, 50, 170), Delivery())
    phonemizer.close()
    return b"".join(made)


@pytest.mark.parametrize("family", ["vits", "kokoro", "kitten"])
def test_nothing_of_what_a_model_spoke_is_left(
    tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of a word, a sentence and a paragraph: the words, and the samples in both forms."""
    model = piper_model(tmp_path / "m") if family == "vits" else styled_model(tmp_path / "m", family)
    with engine("speech", model.directory) as process:
        process.job(b"One two three.")
        for text in (WORDS[0], " ".join(WORDS) + ".", f"{WORDS[0]}, {WORDS[1]}. " * 12):
            audio = process.job(text.encode())
            assert len(audio) > 1_000
            floats = floats_of(model, text, monkeypatch)
            assert len(floats) == 2 * len(audio)
            assert process.copies_of(text.replace(",", "").replace(".", ""), audio, floats) == set(), len(text)


def test_the_search_finds_what_is_left_when_the_arena_is_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, text = piper_model(tmp_path / "m"), "quixotic zephyrs vex jumbled owls"
    with engine("speech", model.directory, fault="arena") as process:
        process.job(b"One two three.")
        audio = process.job(text.encode())
        assert process.copies_of("", audio, floats_of(model, text, monkeypatch)) == {"floats"}


def test_nothing_of_what_was_heard_live_is_left(tmp_path: Path) -> None:
    with engine("live", transducer_model(tmp_path / "m").directory) as process:
        process.job(sound(0.5, 0))
        for seconds in (0.3, 4.0):
            audio = sound(seconds, 7)
            process.job(audio)
            assert process.copies_of("", audio) == set(), seconds


def test_nothing_of_a_recording_or_its_terms_is_left(tmp_path: Path) -> None:
    with engine("recording", whisper_model(tmp_path / "m").directory) as process:
        process.job(sound(1.0, 0), "rehearsal")
        for seconds in (0.5, 12.0, 29.0):
            audio = sound(seconds, 7)
            process.job(audio, WORDS[1])
            assert process.copies_of(WORDS[1], audio) == set(), seconds


def test_the_search_finds_terms_that_the_tokenizer_keeps(tmp_path: Path) -> None:
    with engine("recording", whisper_model(tmp_path / "m").directory, fault="cache") as process:
        process.job(sound(1.0, 0), WORDS[2])
        assert process.copies_of(WORDS[2], sound(0.5, 9)) == {"text"}
