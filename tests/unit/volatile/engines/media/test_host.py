"""One job at a time, to its end, and what arrives meanwhile."""

from __future__ import annotations

import json
import threading

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.media_records import (
    Convert,
    DocumentsEnded,
    InputCredit,
    InputKnown,
    JobStarted,
    RenderTranscript,
    TranscriptWord,
    WordKind,
    WordsToRender,
)
from echoless.crossing.records import Credit, Record, SpeechBegan, SpeechEnded
from echoless.volatile.engines.media.upload import INPUT_WINDOW_BYTES
from echoless.volatile.speech.media_ports import JobCancelledError, MediaInput, MediaOutlet
from tests.unit.volatile.engines.media.conftest import (
    Gateway,
    ServeJobs,
    convert,
    null_convert_job,
    recording,
    tone,
)

pytestmark = pytest.mark.unit

SECRET = "what nobody may read"


class Job:
    """A job that does what a test says."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun: list[Convert] = []
        self.cancelled = threading.Event()
        self.wants_retirement = False

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> Record:
        assert isinstance(order, Convert)
        self.begun.append(order)
        self.gate.set()
        try:
            match order.catalogue_id:
                case "fails":
                    raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "no such voice")
                case "breaks":
                    raise ValueError(SECRET)
                case "computes":
                    while True:
                        outlet.check()
            count = sum(len(block) // 2 for block in sound.blocks())
        except JobCancelledError:
            self.cancelled.set()
            raise
        return SpeechEnded("", count, 0)

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> Record:
        return SpeechEnded(code.value, audio_ms, audio_bytes)


class DocumentsJob:
    """A job without input."""

    wants_retirement = False

    def __init__(self) -> None:
        self.texts: list[list[str]] = []

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> Record:
        assert isinstance(order, RenderTranscript)
        self.texts.append([word.text for word in order.words])
        return DocumentsEnded("")

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> Record:
        return DocumentsEnded(code.value)


def give(gateway: Gateway, pcm: bytes, job: int = 1) -> SpeechEnded:
    gateway.until(JobStarted, job)
    gateway.send_audio(pcm, job)
    gateway.end_input(job)
    ending = gateway.until(SpeechEnded, job)
    assert isinstance(ending, SpeechEnded)
    return ending


def test_a_recording_is_converted_whole_and_in_order(gateway: Gateway) -> None:
    pcm = tone(3).tobytes()
    gateway.send(convert())
    assert give(gateway, pcm) == SpeechEnded("", 3000, len(pcm))
    answer = gateway.answers[1]
    assert bytes(answer.audio) == pcm
    assert answer.of(InputKnown) == [InputKnown("audio/pcm")]
    assert answer.of(SpeechBegan) == [SpeechBegan(None)]
    credits = [record for record in answer.records if isinstance(record, InputCredit)]
    assert sum(credit.taken_bytes for credit in credits) == len(pcm)


def test_jobs_are_done_one_after_another_in_the_order_of_their_arrival(serve: ServeJobs) -> None:
    gateway = serve().gateways[0]
    for job in (1, 2, 3):
        gateway.send(convert(), job)
    started: list[int] = []
    pcm = tone(0.5).tobytes()
    ended: list[int] = []
    while len(ended) < 3:
        job, record = gateway.next()
        if isinstance(record, JobStarted):
            assert started == ended, "a job began while another one ran"
            started.append(job)
            gateway.send_audio(pcm, job)
            gateway.end_input(job)
        elif isinstance(record, SpeechEnded):
            ended.append(job)
    assert started == ended == [1, 2, 3]
    assert all(bytes(gateway.answers[job].audio) == pcm for job in started)


def test_orders_of_several_gateways_wait_in_one_queue(serve: ServeJobs) -> None:
    one, other = serve(links=2).gateways
    one.send(convert())
    one.until(JobStarted)
    other.send(convert())
    pcm = tone(0.5).tobytes()
    one.send_audio(pcm)
    one.end_input()
    one.until(SpeechEnded)
    assert give(other, pcm).error_code == ""


def test_an_order_over_the_bound_of_the_queue_is_refused_at_once(serve: ServeJobs) -> None:
    gateway = serve(queue_max=2).gateways[0]
    for job in (1, 2, 3, 4):
        gateway.send(convert(), job)
        if job == 1:
            gateway.until(JobStarted, 1)
    assert gateway.until(SpeechEnded, 4) == SpeechEnded("concurrent_limit_exceeded", 0, 0)


def test_a_number_that_is_taken_is_refused(serve: ServeJobs) -> None:
    gateway = serve().gateways[0]
    gateway.send(convert())
    gateway.until(JobStarted)
    gateway.send(convert())
    assert gateway.until(SpeechEnded) == SpeechEnded("invalid_parameters", 0, 0)


def test_a_job_that_waits_for_input_ends_when_it_is_cancelled(serve: ServeJobs) -> None:
    job = Job()
    gateway = serve({Convert: job}).gateways[0]
    gateway.send(convert(), 1)
    assert job.gate.wait(10)
    gateway.cancel(1)
    gateway.send(convert(), 2)
    assert give(gateway, tone(1).tobytes(), 2) == SpeechEnded("", 16_000, 0)
    assert job.cancelled.is_set()
    assert not [record for record in gateway.answers[1].records if isinstance(record, SpeechEnded)]


def test_a_job_that_computes_ends_when_it_is_cancelled(serve: ServeJobs) -> None:
    job = Job()
    gateway = serve({Convert: job}).gateways[0]
    gateway.send(convert(catalogue_id="computes"))
    assert job.gate.wait(10)
    gateway.cancel()
    assert job.cancelled.wait(10)


def test_a_job_in_the_queue_never_begins_when_it_is_cancelled(serve: ServeJobs) -> None:
    job = Job()
    gateway = serve({Convert: job}).gateways[0]
    gateway.send(convert(), 1)
    gateway.until(JobStarted, 1)
    gateway.send(convert(catalogue_id="fails"), 2)
    gateway.cancel(2)
    gateway.send(convert(), 3)
    gateway.cancel(1)
    assert give(gateway, tone(1).tobytes(), 3).error_code == ""
    assert "fails" not in {order.catalogue_id for order in job.begun}


def test_cancelled_orders_leave_the_queue_at_once(serve: ServeJobs) -> None:
    """An order may hold terms and whole transcripts, and the job before it may run for hours."""
    served = serve(queue_max=2)
    gateway = served.gateways[0]
    gateway.send(convert(), 1)
    gateway.until(JobStarted, 1)
    for job in range(2, 6):
        gateway.send(convert(), job)
        gateway.cancel(job)
    for job in (6, 7, 8):
        gateway.send(convert(), job)
    assert gateway.until(SpeechEnded, 8) == SpeechEnded("concurrent_limit_exceeded", 0, 0)
    assert [place.correlation for place in served.host._queue] == [6, 7]
    gateway.cancel(1)
    assert give(gateway, tone(1).tobytes(), 6).error_code == ""


def test_a_slow_client_holds_the_process_only_while_nobody_else_wants_it(
    serve: ServeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C19: a byte a second is no way to keep everybody else out."""
    monkeypatch.setattr("echoless.volatile.engines.media.host.PATIENCE_S", 0.05)
    monkeypatch.setattr("echoless.volatile.engines.media.host._LOOK_S", 0.01)
    gateway = serve({Convert: Job()}).gateways[0]
    gateway.send(convert(), 1)
    gateway.until(JobStarted, 1)
    gateway.end.settimeout(0.3)
    with pytest.raises(TimeoutError):
        gateway.until(SpeechEnded, 1)
    gateway.end.settimeout(20)
    gateway.send(convert(), 2)
    assert gateway.until(SpeechEnded, 1).error_code == "request_timeout"
    assert give(gateway, tone(1).tobytes(), 2).error_code == ""


def test_a_client_that_takes_nothing_gives_way_too(serve: ServeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoless.volatile.engines.media.host.PATIENCE_S", 0.05)
    monkeypatch.setattr("echoless.volatile.engines.media.host._LOOK_S", 0.01)
    monkeypatch.setattr("echoless.volatile.engines.media.host.PATIENCE_BYTES_PER_S", 1e9)
    gateway = serve().gateways[0]
    gateway.send(convert(window_bytes=1024), 1)
    gateway.until(JobStarted, 1)
    gateway.send_audio(tone(30).tobytes(), 1)
    gateway.send(convert(), 2)
    gateway.until(JobStarted, 2)


def test_the_jobs_of_a_gateway_that_is_gone_end(serve: ServeJobs) -> None:
    job = Job()
    gone, stays = serve({Convert: job}, links=2).gateways
    gone.send(convert(), 1)
    gone.send(convert(), 2)
    assert job.gate.wait(10)
    stays.send(convert())
    gone.end.close()
    assert give(stays, tone(1).tobytes()).error_code == ""
    assert job.cancelled.is_set()
    assert len(job.begun) == 2


def test_a_job_that_fails_says_why_and_the_next_one_runs(serve: ServeJobs) -> None:
    served = serve({Convert: Job()})
    gateway = served.gateways[0]
    gateway.send(convert(catalogue_id="fails"), 1)
    gateway.send(convert(catalogue_id="breaks"), 2)
    gateway.send(convert(), 3)
    assert gateway.until(SpeechEnded, 1) == SpeechEnded("voice_not_found", 0, 0)
    assert gateway.until(SpeechEnded, 2) == SpeechEnded("internal_error", 0, 0)
    assert give(gateway, tone(1).tobytes(), 3).error_code == ""
    assert [event for event, _ in served.journal.events] == [Event.UNEXPECTED_ERROR]
    assert SECRET not in repr(served.journal.events)


@pytest.mark.claim("Z35")
@pytest.mark.parametrize(("voice", "words"), [("fails", "no such voice"), ("breaks", SECRET)])
def test_a_failure_is_told_only_where_its_order_wants_it(serve: ServeJobs, voice: str, words: str) -> None:
    gateway = serve({Convert: Job()}).gateways[0]
    gateway.send(convert(catalogue_id=voice), 1)
    gateway.send(convert(catalogue_id=voice, wants_diagnosis=True), 2)
    for job in (1, 2):
        gateway.until(SpeechEnded, job)
    assert gateway.answers[1].of(JobDiagnosis) == []
    (told,) = gateway.answers[2].of(JobDiagnosis)
    assert isinstance(told, JobDiagnosis)
    diagnosis = json.loads(told.told)
    assert diagnosis["errors"][0]["text"] == words
    assert diagnosis["state"]["order"]["catalogue_id"] == voice


def test_an_error_in_the_input_ends_the_job_before_all_of_it_has_come(gateway: Gateway) -> None:
    """A media process that needs no more input sends its ending at once."""
    gateway.send(convert(input_format="other"))
    gateway.until(JobStarted)
    gateway.send_audio(b"no recording at all " * 1000)
    assert gateway.until(SpeechEnded) == SpeechEnded("invalid_audio", 0, 0)
    gateway.send_audio(b"what is still on its way")
    gateway.end_input()
    gateway.send(convert(), 2)
    assert give(gateway, tone(1).tobytes(), 2).error_code == ""


def test_an_ending_in_the_middle_says_how_much_was_heard(gateway: Gateway) -> None:
    gateway.send(convert(duration_ms_max=5000))
    ending = give(gateway, tone(8).tobytes())
    assert ending.error_code == "audio_too_long"
    assert 5000 < ending.audio_ms <= 8000
    assert ending.audio_bytes == len(gateway.answers[1].audio) > 0


def test_input_of_any_size_comes_within_its_window(gateway: Gateway) -> None:
    """C17: the window bounds what is in memory, whatever the size of the upload."""
    pcm = tone(50).tobytes() * 3
    assert len(pcm) > 4 * INPUT_WINDOW_BYTES
    gateway.send(convert(duration_ms_max=10**7))
    gateway.until(JobStarted)
    window, at = INPUT_WINDOW_BYTES, 0
    while at < len(pcm):
        if window:
            piece = pcm[at : at + min(window, 60_000)]
            gateway.send_audio(piece)
            at, window = at + len(piece), window - len(piece)
            continue
        _, record = gateway.next()
        window += record.taken_bytes if isinstance(record, InputCredit) else 0
    gateway.end_input()
    assert gateway.until(SpeechEnded) == SpeechEnded("", 150_000, len(pcm))
    assert bytes(gateway.answers[1].audio) == pcm


def test_input_beyond_its_window_breaks_the_link(serve: ServeJobs) -> None:
    served = serve({Convert: Job()})
    gateway = served.gateways[0]
    gateway.send(convert(catalogue_id="computes"))
    gateway.until(JobStarted)
    with pytest.raises((EOFError, BrokenPipeError, ConnectionResetError)):
        gateway.send_audio(bytes(INPUT_WINDOW_BYTES + 1))
        gateway.until(SpeechEnded)
    assert (Event.FRAME_REFUSED, {"code": "crossing_broken"}) in served.journal.events


def test_input_before_its_job_has_started_breaks_the_link(serve: ServeJobs) -> None:
    one, other = serve(links=2).gateways
    one.send(convert())
    one.until(JobStarted)
    other.send(convert())
    other.send_audio(b"early")
    with pytest.raises((EOFError, ConnectionResetError)):
        other.until(SpeechEnded)


def test_a_record_that_is_not_for_it_breaks_the_link(gateway: Gateway) -> None:
    gateway.send(JobStarted(1))
    with pytest.raises((EOFError, ConnectionResetError)):
        gateway.next()


def test_output_stays_within_the_window_of_its_reader(gateway: Gateway) -> None:
    """C16: whoever takes nothing is sent no more than the window, and the job rests."""
    pcm = tone(10).tobytes()
    gateway.send(convert(window_bytes=20_000))
    gateway.until(JobStarted)
    gateway.send_audio(pcm)
    gateway.end_input()
    audio = gateway.answers[1].audio
    gateway.end.settimeout(0.3)
    with pytest.raises(TimeoutError):
        gateway.until(SpeechEnded)
    assert 0 < len(audio) <= 20_000
    gateway.end.settimeout(20)
    while not gateway.answers[1].of(SpeechEnded):
        gateway.send(Credit(len(pcm)))
        gateway.next()
    assert bytes(audio) == pcm


def test_the_next_job_runs_while_the_end_of_the_last_one_is_still_being_taken(gateway: Gateway) -> None:
    pcm = tone(1).tobytes()
    gateway.send(convert(window_bytes=16_384), 1)
    gateway.until(JobStarted, 1)
    gateway.send_audio(pcm, 1)
    gateway.end_input(1)
    gateway.send(convert(), 2)
    assert give(gateway, pcm, 2).error_code == ""
    assert not gateway.answers[1].of(SpeechEnded)
    gateway.send(Credit(len(pcm)), 1)
    gateway.until(SpeechEnded, 1)
    assert bytes(gateway.answers[1].audio) == pcm


def test_documents_need_no_input(serve: ServeJobs) -> None:
    gateway = serve({RenderTranscript: DocumentsJob()}).gateways[0]
    gateway.send(RenderTranscript([], "en", []))
    assert gateway.until(DocumentsEnded) == DocumentsEnded("")
    assert not gateway.answers[1].of(JobStarted)


def test_files_go_before_recordings_that_wait_and_in_their_own_order(serve: ServeJobs) -> None:
    """Whoever waits for files has waited for a whole recognition already."""
    documents = DocumentsJob()
    gateway = serve({RenderTranscript: documents, Convert: null_convert_job()}).gateways[0]
    gateway.send(convert(), 1)
    gateway.until(JobStarted, 1)
    gateway.send(convert(), 2)
    for job, text in ((3, "a"), (4, "b")):
        gateway.send(RenderTranscript([TranscriptWord(text, WordKind.WORD, 0.0, 0.1, 0.0)], "en", []), job)
    gateway.send_audio(tone(0.5).tobytes(), 1)
    gateway.end_input(1)
    gateway.until(DocumentsEnded, 4)
    assert gateway.answers[3].of(DocumentsEnded) == [DocumentsEnded("")]
    assert documents.texts == [["a"], ["b"]]
    assert 2 not in gateway.answers or not gateway.answers[2].records
    assert give(gateway, tone(0.5).tobytes(), 2).error_code == ""


def test_a_full_queue_of_recordings_has_room_for_files_which_are_bounded_too(serve: ServeJobs) -> None:
    jobs = {RenderTranscript: DocumentsJob(), Convert: null_convert_job()}
    gateway = serve(jobs, queue_max=1).gateways[0]
    gateway.send(convert(), 1)
    gateway.until(JobStarted, 1)
    gateway.send(convert(), 2)
    for job in (3, 4):
        gateway.send(RenderTranscript([], "en", []), job)
    assert gateway.until(DocumentsEnded, 4) == DocumentsEnded("concurrent_limit_exceeded")
    gateway.send(convert(), 5)
    assert gateway.until(SpeechEnded, 5) == SpeechEnded("concurrent_limit_exceeded", 0, 0)
    gateway.cancel(1)
    assert gateway.until(DocumentsEnded, 3) == DocumentsEnded("")


def test_a_long_transcript_comes_in_several_records_of_one_job(serve: ServeJobs) -> None:
    job = DocumentsJob()
    gateway = serve({RenderTranscript: job}).gateways[0]
    one, two, three, four = (TranscriptWord(text, WordKind.WORD, 0.0, 0.1, 0.0) for text in "abcd")
    gateway.send(WordsToRender([one, two]), 1)
    gateway.send(WordsToRender([four]), 2)
    gateway.send(RenderTranscript([three], "en", []), 1)
    gateway.until(DocumentsEnded, 1)
    gateway.send(RenderTranscript([], "en", []), 2)
    gateway.until(DocumentsEnded, 2)
    gateway.send(RenderTranscript([one], "en", []), 3)
    gateway.until(DocumentsEnded, 3)
    assert job.texts == [["a", "b", "c"], ["d"], ["a"]]


def test_more_words_than_anyone_says_break_the_link(serve: ServeJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoless.volatile.engines.media.host._WORDS_MAX", 1)
    gateway = serve({RenderTranscript: DocumentsJob()}).gateways[0]
    gateway.send(WordsToRender([TranscriptWord("a", WordKind.WORD, 0.0, 0.1, 0.0)] * 2))
    with pytest.raises((EOFError, ConnectionResetError)):
        gateway.next()


def test_a_kind_of_order_that_nobody_does_breaks_the_link(gateway: Gateway) -> None:
    gateway.send(RenderTranscript([], "en", []))
    with pytest.raises((EOFError, ConnectionResetError)):
        gateway.next()


def test_stopping_takes_no_new_order_and_gives_up_what_runs_at_the_deadline(serve: ServeJobs) -> None:
    job = Job()
    served = serve({Convert: job})
    gateway = served.gateways[0]
    gateway.send(convert())
    assert job.gate.wait(10)
    served.stop_in(0.5)
    served.join()
    assert job.cancelled.is_set()


def test_a_host_that_retires_ends_when_its_gateways_have_left(serve: ServeJobs) -> None:
    served = serve(links=2)
    one, other = served.gateways
    served.retire()
    one.end.close()
    other.send(convert())
    assert give(other, tone(1).tobytes()).error_code == ""
    other.end.close()
    served.join()


def test_a_job_is_released_before_the_process_looks_at_itself(serve: ServeJobs) -> None:
    """(6) Nothing of a job is left when the process rests."""
    rested = threading.Event()
    served = serve(on_idle=rested.set)
    gateway = served.gateways[0]
    gateway.send(convert(input_format="other", output_format="mp3_44100_128"))
    give(gateway, recording("webm", "libopus", tone(1, 48_000), 48_000))
    assert rested.wait(10)


def test_the_host_says_that_it_is_alive_while_a_job_lets_it(serve: ServeJobs) -> None:
    turns: list[int] = []
    gateway = serve(on_turn=lambda: turns.append(1)).gateways[0]
    gateway.send(convert())
    give(gateway, tone(2).tobytes())
    assert len(turns) > 8


def test_conversions_of_one_process_leave_nothing_to_the_next(serve: ServeJobs) -> None:
    gateway = serve({Convert: null_convert_job()}).gateways[0]
    made = []
    for job in (1, 2, 3):
        gateway.send(convert(output_format="opus_48000_32"), job)
        give(gateway, tone(1, frequency_hz=300 if job != 2 else 700).tobytes(), job)
        made.append(bytes(gateway.answers[job].audio))
    assert made[0] == made[2] != made[1]
