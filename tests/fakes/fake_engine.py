"""An engine that answers with bytes made to measure, at the far end of a link."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field

from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.dialogue_records import DIALOGUE_RECORDS, DialogueSpeak, VoiceRun
from echoless.crossing.link import Link
from echoless.crossing.records import (
    KIND_AUDIO,
    AlignmentPart,
    Cancel,
    Credit,
    Record,
    Speak,
    SpeechBegan,
    SpeechEnded,
    core_registry,
)
from echoless.crossing.wire import Frame


@dataclass
class Job:
    """One job as the engine saw it."""

    speak: Speak | DialogueSpeak
    sent_bytes: int = 0
    taken_bytes: int = 0
    is_cancelled: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)


class FakeEngine:
    """Says `audio` for whatever it is given, in chunks, minding the window.

    error_code:      ends each job with it, after `error_after_bytes`
    is_silent_after: stops sending after so many bytes and waits for a Cancel
    """

    def __init__(self, audio: bytes = b"", chunk_bytes: int = 32768) -> None:
        self.audio = audio
        self.chunk_bytes = chunk_bytes
        self.states_length = False
        self.error_code = ""
        self.error_after_bytes = 0
        self.is_silent_after: int | None = None
        self.jobs: list[Job] = []
        self.links: list[Link] = []
        self._by_correlation: dict[tuple[Link, int], Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self) -> socket.socket:
        """Return the gateway's end of a new link."""
        ours, theirs = socket.socketpair()
        registry = core_registry(DIALOGUE_RECORDS, DIAGNOSIS_RECORDS)
        self.links.append(await Link.open(ours, registry, on_frame=self._on_frame))
        return theirs

    def _on_frame(self, link: Link, frame: Frame) -> None:
        record: Record = link.registry.decode(frame)
        key = (link, frame.header.correlation)
        if isinstance(record, Speak | DialogueSpeak):
            job = self._by_correlation[key] = Job(record)
            self.jobs.append(job)
            task = asyncio.get_running_loop().create_task(self._speak(link, frame, job))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        job = self._by_correlation[key]
        if isinstance(record, Credit):
            job.taken_bytes += record.taken_bytes
        elif isinstance(record, Cancel):
            job.is_cancelled = True
        job.moved.set()

    async def _speak(self, link: Link, frame: Frame, job: Job) -> None:
        correlation, ticket = frame.header.correlation, frame.header.ticket
        end = self.error_after_bytes if self.error_code else len(self.audio)
        link.post(
            SpeechBegan(len(self.audio) if self.states_length else None), correlation=correlation, ticket=ticket
        )
        if job.speak.wants_alignment:
            for part in times_of(job.speak):
                link.post(part, correlation=correlation, ticket=ticket)
        while job.sent_bytes < end and not job.is_cancelled:
            is_silent = self.is_silent_after is not None and job.sent_bytes >= self.is_silent_after
            if is_silent or job.sent_bytes + self.chunk_bytes > job.taken_bytes + job.speak.window_bytes:
                job.moved.clear()
                await job.moved.wait()
                continue
            chunk = self.audio[job.sent_bytes : min(job.sent_bytes + self.chunk_bytes, end)]
            link.post_content(KIND_AUDIO, chunk, correlation=correlation, ticket=ticket)
            job.sent_bytes += len(chunk)
        if link.is_closed:
            return
        if self.error_code and job.speak.wants_diagnosis:
            link.post(JobDiagnosis(b'{"errors": [{"text": "no voice"}]}'), correlation=correlation, ticket=ticket)
        ended = SpeechEnded(error_code=self.error_code, audio_ms=1000, audio_bytes=job.sent_bytes)
        link.post(ended, correlation=correlation, ticket=ticket)


def times_of(job: Speak | DialogueSpeak) -> list[Record]:
    """Return the times of a job: for a dialogue, turn by turn and with its voices."""
    if isinstance(job, Speak):
        return [alignment_of(job.text)]
    parts: list[Record] = []
    for index, turn in enumerate(job.turns):
        parts += (alignment_of(turn.text), VoiceRun(index, float(index), index + 0.5, len(turn.text)))
    return parts


def alignment_of(text: str) -> AlignmentPart:
    """Return times of a tenth of a second for each character."""
    start_s = [round(index / 10, 3) for index in range(len(text))]
    end_s = [round((index + 1) / 10, 3) for index in range(len(text))]
    return AlignmentPart(
        characters=list(text), start_s=start_s, end_s=end_s,
        normalized_characters=list(text), normalized_start_s=start_s, normalized_end_s=end_s,
    )  # fmt: skip
