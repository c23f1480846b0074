"""The loop: turns, windows, refusals, failures, ends. Everything in one thread, no waiting."""

from __future__ import annotations

import gc
import json
import socket
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.records import Cancel, CloseStatus, CloseTicket, Credit, SpeechBegan, SpeechEnded
from echoless.crossing.wire import encode_frame
from echoless.volatile.engines.host.scheduler import TEXT_CHARACTERS_MAX, EngineHost
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance
from tests.unit.volatile.engines.host.conftest import Gateway, TurningClock, speak

pytestmark = pytest.mark.unit

LONG = "many words to be sung one after the other, and then some more of them. " * 40
WINDOW = 100_000


def test_a_job_begins_sends_its_audio_and_ends(gateway: Gateway, host: EngineHost) -> None:
    gateway.send(speak("one two three"))
    heard = gateway.until_ended()
    assert [type(record).__name__ for record in heard.records] == ["SpeechBegan", "SpeechEnded"]
    assert heard.ending is not None
    assert heard.ending.error_code == ""
    assert heard.ending.audio_bytes == len(heard.audio) > 20_000
    assert heard.ending.audio_ms == len(heard.audio) // 2 * 1000 // 22_050
    assert not host._jobs


def test_the_first_audio_leaves_in_the_first_turn_and_frames_grow(gateway: Gateway) -> None:
    gateway.send(speak(LONG))
    gateway.turns(1)
    assert gateway.jobs[1].frame_bytes[0] < 8_000
    sizes = gateway.until_ended().frame_bytes
    assert max(sizes) <= 64 * 1024
    assert min(sizes[5:-1]) >= 32 * 1024


def test_a_new_job_goes_before_jobs_that_have_begun(gateway: Gateway) -> None:
    gateway.send(speak(LONG), 1)
    gateway.turns(4)
    gateway.send(speak("new"), 2)
    before = len(gateway.order)
    gateway.turns(1)
    assert gateway.order[before] == 2


def test_jobs_that_have_begun_take_turns(gateway: Gateway) -> None:
    for job in (1, 2, 3):
        gateway.send(speak(LONG), job)
    gateway.until_ended(3)
    halfway = gateway.order[: len(gateway.order) // 2]
    assert min(halfway.count(job) for job in (1, 2, 3)) >= len(halfway) // 4


def test_interleaved_jobs_get_the_same_bytes_as_lonely_ones(gateway: Gateway) -> None:
    formats = {1: "mp3_44100_128", 2: "opus_48000_64", 3: "pcm_16000", 4: "ulaw_8000", 5: "wav_24000"}
    for job, name in formats.items():
        gateway.send(speak(LONG, output_format=name), job)
    for job, name in formats.items():
        together = bytes(gateway.until_ended(job).audio)
        gateway.send(speak(LONG, output_format=name), job + 100)
        assert bytes(gateway.until_ended(job + 100).audio) == together


def test_no_more_than_the_window_is_sent_until_credit_comes(gateway: Gateway, host: EngineHost) -> None:
    gateway.send(speak(LONG, window_bytes=WINDOW))
    gateway.turns(400)
    heard = gateway.jobs[1]
    assert len(heard.audio) == WINDOW
    assert len(host._jobs) == 1
    assert not host._first
    assert not host._turns
    gateway.send(Credit(50_000))
    gateway.turns(400)
    assert len(heard.audio) == WINDOW + 50_000
    gateway.send(Credit(2**40))
    assert gateway.until_ended().ending is not None


def test_a_gateway_that_does_not_read_stops_its_jobs_and_no_others(host: EngineHost) -> None:
    deaf, listening = Gateway(host), Gateway(host)
    deaf.send(speak(LONG * 20))
    for _ in range(600):
        host.turn(0)
    listening.send(speak(LONG))
    assert listening.until_ended().ending is not None
    assert len(host._jobs) == 1
    assert not host._turns
    whole = deaf.until_ended()
    assert whole.ending is not None
    assert whole.ending.audio_bytes == len(whole.audio)
    deaf.end.close()
    listening.end.close()


def test_cancel_ends_a_job_at_once(gateway: Gateway, host: EngineHost) -> None:
    gateway.send(speak(LONG))
    gateway.turns(3)
    gateway.send(Cancel())
    gateway.turns(1)
    assert not host._jobs
    count = len(gateway.jobs[1].audio)
    gateway.turns(20)
    assert len(gateway.jobs[1].audio) == count


def test_a_gateway_that_is_gone_ends_its_jobs(host: EngineHost) -> None:
    gateway = Gateway(host)
    gateway.send(speak(LONG), 1)
    gateway.send(speak(LONG), 2)
    gateway.turns(3)
    gateway.end.close()
    for _ in range(3):
        host.turn(0)
    assert not host._jobs


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"catalogue_id": "nobody"}, ErrorCode.VOICE_NOT_FOUND),
        ({"output_format": "mp3_1_1"}, ErrorCode.INVALID_PARAMETERS),
        ({"text": "x" * (TEXT_CHARACTERS_MAX + 1)}, ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED),
    ],
)
def test_a_job_that_cannot_be_done_is_refused(gateway: Gateway, changes: dict[str, str], code: ErrorCode) -> None:
    gateway.send(speak(**({"text": "hello"} | changes)))
    ending = gateway.until_ended().ending
    assert ending is not None
    assert ending.error_code == code.value


def test_more_jobs_than_the_bound_are_refused(gateway: Gateway) -> None:
    for job in range(1, 10):
        gateway.send(speak(LONG, window_bytes=20_000), job)
    ending = gateway.until_ended(9).ending
    assert ending is not None
    assert ending.error_code == ErrorCode.CONCURRENT_LIMIT_EXCEEDED.value


class Held:
    """What lives as long as the frame that has it."""


class FailingEngine(ToneEngine):
    """Fails at texts that say so, in a frame that holds something."""

    held: ClassVar[list[weakref.ref[Held]]] = []

    def speak(
        self, utterance: Utterance, voice: EngineVoice, delivery: Delivery, on_samples: object = None
    ) -> SpokenAudio:
        if "fail" in utterance.spoken.reveal():
            held = Held()
            self.held.append(weakref.ref(held))
            raise ValueError(utterance.spoken.reveal())
        return super().speak(utterance, voice, delivery)


def test_a_failing_job_ends_alone_and_says_only_its_type(
    parts: SpeechParts, clock: TurningClock, journal: MemoryJournal
) -> None:
    host = EngineHost(replace(parts, engine=FailingEngine()), journal=journal, clock=clock)
    gateway = Gateway(host)
    gateway.send(speak("please fail now"), 1)
    gateway.send(speak("all is well"), 2)
    failed, well = gateway.until_ended(1).ending, gateway.until_ended(2).ending
    assert failed is not None
    assert well is not None
    assert (failed.error_code, well.error_code) == (ErrorCode.INTERNAL_ERROR.value, "")
    assert not any(isinstance(record, SpeechBegan) for record in gateway.jobs[1].records)
    assert [event for event, _ in journal.events] == [Event.UNEXPECTED_ERROR]
    assert "fail now" not in repr(journal.events)
    host.close()
    gateway.end.close()


@pytest.mark.claim("Z35")
def test_a_failure_is_told_only_where_its_order_wants_it(
    parts: SpeechParts, clock: TurningClock, journal: MemoryJournal
) -> None:
    host = EngineHost(replace(parts, engine=FailingEngine()), journal=journal, clock=clock)
    gateway = Gateway(host)
    gateway.send(speak("please fail now"), 1)
    gateway.send(speak("please fail now", wants_diagnosis=True), 2)
    silent, telling = gateway.until_ended(1), gateway.until_ended(2)
    assert [type(record) for record in silent.records] == [SpeechEnded]
    assert [type(record) for record in telling.records] == [JobDiagnosis, SpeechEnded]
    (told, _) = telling.records
    assert isinstance(told, JobDiagnosis)
    diagnosis = json.loads(told.told)
    assert diagnosis["errors"][0]["type"] == "ValueError"
    assert diagnosis["state"]["order"]["text"] == "please fail now"
    assert diagnosis["stack"][-1]["function"] == "FailingEngine.speak"
    host.close()
    gateway.end.close()


@pytest.mark.claim("Z35")
@pytest.mark.parametrize("wants_diagnosis", [False, True])
def test_nothing_of_a_failure_outlives_its_turn_also_while_others_go_on(
    parts: SpeechParts, clock: TurningClock, journal: MemoryJournal, wants_diagnosis: bool
) -> None:
    """What is told of an error is what the names in its frames mean, which hold the error itself."""
    host = EngineHost(replace(parts, engine=FailingEngine()), journal=journal, clock=clock)
    gateway = Gateway(host)
    gateway.send(speak(LONG), 1)
    gateway.send(speak("please fail now", wants_diagnosis=wants_diagnosis), 2)
    FailingEngine.held.clear()
    gc.disable()
    try:
        ended = gateway.until_ended(2)
        alive = [held() for held in FailingEngine.held]
    finally:
        gc.enable()
    assert ended.ending is not None
    assert 1 not in gateway.jobs or gateway.jobs[1].ending is None
    assert alive == [None]
    host.close()
    gateway.end.close()


@pytest.mark.parametrize(
    "data",
    [
        b"no frame at all, but long enough for a header",
        encode_frame(999, b""),
        encode_frame(20, b"x", is_content=True),
    ],
)
def test_a_gateway_that_sends_nonsense_is_cut_off(
    host: EngineHost, gateway: Gateway, journal: MemoryJournal, data: bytes
) -> None:
    gateway.end.sendall(data)
    host.turn(0)
    assert gateway.end.recv(10) == b""
    assert journal.events == [(Event.FRAME_REFUSED, {"code": ErrorCode.CROSSING_BROKEN.value})]


def test_a_record_that_is_not_for_engines_cuts_the_link(host: EngineHost, gateway: Gateway) -> None:
    gateway.send(CloseTicket(CloseStatus.DONE, 200, "", 0, 0, 0))
    host.turn(0)
    assert gateway.end.recv(10) == b""


def test_stop_lets_jobs_finish_and_takes_no_new_ones(gateway: Gateway, host: EngineHost) -> None:
    gateway.send(speak(LONG))
    gateway.turns(2)
    host.stop(5.0)
    gateway.send(speak("late"), 2)
    late = gateway.until_ended(2).ending
    assert late is not None
    assert late.error_code == ErrorCode.ENGINE_UNAVAILABLE.value
    gateway.until_ended(1)
    host.run()


def test_the_deadline_ends_a_run_with_jobs_that_rest(
    gateway: Gateway, host: EngineHost, clock: TurningClock
) -> None:
    gateway.send(speak(LONG, window_bytes=20_000))
    gateway.turns(100)
    host.stop(5.0)
    clock.now_s += 6.0
    host.run()
    assert len(host._jobs) == 1


def test_a_retired_host_ends_when_its_gateways_have_left(host: EngineHost, gateway: Gateway) -> None:
    """A process that asked for a successor must not stay behind it."""
    other = Gateway(host)
    gateway.send(speak("one two"), 1)
    host.retire()
    gateway.until_ended()
    gateway.end.close()
    host.turn(0)
    assert not host._is_over()
    other.end.close()
    host.run()


def test_watches_are_called_and_idleness_is_told(
    parts: SpeechParts, clock: TurningClock, journal: MemoryJournal
) -> None:
    told: list[str] = []
    host = EngineHost(parts, journal=journal, clock=clock, on_idle=lambda: told.append("idle"))
    ours, theirs = socket.socketpair()
    host.add_watch(ours, lambda: told.append(ours.recv(1).decode()))
    theirs.send(b"w")
    host.turn(0)
    gateway = Gateway(host)
    gateway.send(speak("one"))
    gateway.until_ended()
    assert told == ["w", "idle"]
    host.close()
    for end in (ours, theirs, gateway.end):
        end.close()


def test_silence_is_sent_for_a_text_that_says_nothing(gateway: Gateway) -> None:
    gateway.send(speak("   "))
    heard = gateway.until_ended()
    assert bytes(heard.audio) == bytes(2 * 2205)
    assert AudioContent(bytes(heard.audio))


def test_preparations_are_made_only_while_no_job_has_a_step_to_do(
    parts: SpeechParts, clock: TurningClock, journal: MemoryJournal
) -> None:
    seen: list[int] = []

    def prepare() -> bool:
        seen.append(len(host._jobs))
        if len(seen) == 3:
            host.stop(0.0)
        return True

    host = EngineHost(parts, journal=journal, clock=clock, prepare=prepare)
    gateway = Gateway(host)
    gateway.send(speak("one two three"))
    host.turn(0)
    assert len(host._jobs) == 1
    host.run()
    assert seen == [0, 0, 0]
    host.close()
    gateway.end.close()


def test_a_job_is_done_by_the_engine_that_it_names(parts: SpeechParts) -> None:
    """Another engine has another rate and other languages; what is encoded is right all the same."""
    other = replace(parts, engine=SlowTones(), languages=("de",))
    host = EngineHost(parts, journal=MemoryJournal(), clock=TurningClock(), others={"local:slow": other})
    gateway = Gateway(host)
    gateway.send(speak("One two", output_format="pcm_16000"), 1)
    gateway.send(speak("One two", output_format="pcm_16000", engine_model="local:slow"), 2)
    gateway.send(speak("One two", engine_model="local:absent"), 3)
    usual, slow, absent = gateway.until_ended(1), gateway.until_ended(2), gateway.until_ended(3)
    assert usual.ending is not None and slow.ending is not None and absent.ending is not None
    # The same tones at half the rate last twice as long.
    assert slow.ending.audio_ms == pytest.approx(2 * usual.ending.audio_ms, abs=3)
    assert len(slow.audio) == pytest.approx(2 * len(usual.audio), rel=0.01)
    assert absent.ending.error_code == ErrorCode.ENGINE_UNAVAILABLE.value
    assert SlowTones.languages_asked == ["de"]
    host.close()
    gateway.end.close()


class SlowTones(ToneEngine):
    """Tones whose samples are said to be of half the rate."""

    languages_asked: ClassVar[list[str]] = []

    @property
    def sample_rate_hz(self) -> int:
        return super().sample_rate_hz // 2

    def speak(
        self, utterance: Utterance, voice: EngineVoice, delivery: Delivery,
        on_samples: Callable[[AudioContent], None] | None = None,
    ) -> SpokenAudio:  # fmt: skip
        self.languages_asked.append(voice.language)
        return super().speak(utterance, voice, delivery, on_samples)
