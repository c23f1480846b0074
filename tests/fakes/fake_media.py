"""A media process at the far end of a link: it echoes, or says a transcript made to measure, within its windows."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.link import Link
from echoless.crossing.media_records import (
    KIND_INPUT_AUDIO,
    MEDIA_RECORDS,
    Convert,
    DocumentPart,
    DocumentsEnded,
    EndInput,
    InputCredit,
    InputKnown,
    JobStarted,
    RenderTranscript,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
    TranscriptWord,
    WordKind,
    WordsToRender,
)
from echoless.crossing.records import (
    KIND_AUDIO,
    Cancel,
    Credit,
    Record,
    SpeechBegan,
    SpeechEnded,
    core_registry,
)
from echoless.crossing.wire import Frame


def word(text: str, start_s: float, end_s: float, kind: WordKind = WordKind.WORD) -> TranscriptWord:
    """Return a word of a transcript, with its characters' times spread evenly."""
    step_s = (end_s - start_s) / max(1, len(text))
    starts = [round(start_s + step_s * index, 3) for index in range(len(text))]
    return TranscriptWord(text, kind, start_s, end_s, -0.1, None, starts, [round(at + step_s, 3) for at in starts])


HELLO = [word("Hello", 0.1, 0.4), word(" ", 0.4, 0.5, WordKind.SPACING), word("there.", 0.5, 0.9)]


@dataclass
class MediaJobSeen:
    """One job as the process saw it."""

    order: Convert | Transcribe | RenderTranscript
    input: bytearray = field(default_factory=bytearray)
    is_input_ended: bool = False
    is_cancelled: bool = False
    credit_bytes: int = 0
    outstanding_bytes_max: int = 0
    uncredited_bytes: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class FakeMedia:
    """Answers on any number of links.

    is_queued:        leaves every job in the queue until `let_in`
    takes_input:      whether input is credited; else the window stays shut once it is full
    ends_after_bytes: ends a job with `error_code` after so much input, without waiting for the rest
    channels:         the words of each channel
    rendering_error_code: ends a job of files with this
    """

    def __init__(self, window_bytes: int = 128 * 1024) -> None:
        self.window_bytes = window_bytes
        self.is_queued = False
        self.takes_input = True
        self.error_code = ""
        self.rendering_error_code = ""
        self.ends_after_bytes: int | None = None
        self.channels = [HELLO]
        self.speakers: list[int | None] | None = None
        self.language_code = "en"
        self.media_type = "audio/wav"
        self.document = b"a file"
        self.audio_ms = 1000
        self.jobs: list[MediaJobSeen] = []
        self.first_words: list[TranscriptWord] = []
        self.links: list[Link] = []
        self._by_correlation: dict[tuple[Link, int], MediaJobSeen] = {}
        self._waiting: list[asyncio.Event] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> socket.socket:
        """Return the gateway's end of a new link."""
        ours, theirs = socket.socketpair()
        self.links.append(
            await Link.open(ours, core_registry(MEDIA_RECORDS, DIAGNOSIS_RECORDS), on_frame=self._on_frame)
        )
        return theirs

    def let_in(self) -> None:
        """Let the jobs of the queue begin."""
        self.is_queued = False
        for event in self._waiting:
            event.set()

    def refuse(self) -> None:
        """Refuse the recognitions that have come, as a process with too long a queue does."""
        for link, correlation in self._by_correlation:
            refusal = TranscriptEnded("concurrent_limit_exceeded", 0, 0, "", 0.0)
            link.post(refusal, correlation=correlation)

    def die(self) -> None:
        """End as a killed process does."""
        for link in self.links:
            link.abort()

    def _on_frame(self, link: Link, frame: Frame) -> None:
        key = (link, frame.header.correlation)
        if frame.header.kind == KIND_INPUT_AUDIO:
            self._take(link, key[1], self._by_correlation[key], frame.payload)
            return
        record: Record = link.registry.decode(frame)
        if isinstance(record, WordsToRender):
            self.first_words += record.words
            return
        if isinstance(record, Convert | Transcribe | RenderTranscript):
            job = self._by_correlation[key] = MediaJobSeen(record)
            self.jobs.append(job)
            task = asyncio.get_running_loop().create_task(self._run(link, key[1], job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        job = self._by_correlation[key]
        if isinstance(record, EndInput):
            job.is_input_ended = True
        elif isinstance(record, Cancel):
            job.is_cancelled = True
        elif isinstance(record, Credit):
            job.credit_bytes += record.taken_bytes
        job.moved.set()

    def _take(self, link: Link, correlation: int, job: MediaJobSeen, data: bytes) -> None:
        job.input += data
        job.uncredited_bytes += len(data)
        job.outstanding_bytes_max = max(job.outstanding_bytes_max, job.uncredited_bytes)
        if self.takes_input and job.uncredited_bytes >= self.window_bytes // 2:
            link.post(InputCredit(job.uncredited_bytes), correlation=correlation)
            job.uncredited_bytes = 0
        job.moved.set()

    async def _run(self, link: Link, correlation: int, job: MediaJobSeen) -> None:
        if self.is_queued:
            event = asyncio.Event()
            self._waiting.append(event)
            await event.wait()

        def post(record: Record) -> None:
            if not link.is_closed and not job.is_cancelled:
                link.post(record, correlation=correlation)

        if isinstance(job.order, RenderTranscript):
            for index in range(len(job.order.formats)):
                post(DocumentPart(index, self.document))
            post(DocumentsEnded(self.error_code or self.rendering_error_code))
            return
        post(JobStarted(self.window_bytes))
        await self._input(job)
        if job.input:
            post(InputKnown(self.media_type))
        if self.error_code and job.order.wants_diagnosis:
            post(JobDiagnosis(b'{"errors": [{"text": "no sound"}]}'))
        if isinstance(job.order, Convert):
            await self._convert(link, correlation, job, job.order)
        else:
            self._transcribe(post)

    async def _input(self, job: MediaJobSeen) -> None:
        """Wait for the end of the input, or for as much as is wanted."""
        while not job.is_input_ended and not job.is_cancelled:
            if self.ends_after_bytes is not None and len(job.input) >= self.ends_after_bytes:
                return
            job.moved.clear()
            await job.moved.wait()

    async def _convert(self, link: Link, correlation: int, job: MediaJobSeen, order: Convert) -> None:
        if not self.error_code:
            has_length = order.output_format.startswith("wav")
            link.post(SpeechBegan(len(job.input) if has_length else None), correlation=correlation)
            sent = 0
            while sent < len(job.input) and not job.is_cancelled and not link.is_closed:
                if sent + 8192 > job.credit_bytes + order.window_bytes:
                    job.moved.clear()
                    await job.moved.wait()
                    continue
                piece = bytes(job.input[sent : sent + 8192])
                link.post_content(KIND_AUDIO, piece, correlation=correlation)
                sent += len(piece)
        if not link.is_closed and not job.is_cancelled:
            link.post(SpeechEnded(self.error_code, self.audio_ms, len(job.input)), correlation=correlation)

    def _transcribe(self, post: object) -> None:
        assert callable(post)
        if not self.error_code:
            for channel, words in enumerate(self.channels):
                post(TranscriptPart(channel, words))
            if self.speakers is not None:
                post(SpeakerNames(self.speakers))
        post(TranscriptEnded(self.error_code, self.audio_ms, len(self.channels), self.language_code, 0.9))
