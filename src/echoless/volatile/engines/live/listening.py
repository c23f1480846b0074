"""One live session: what came for it, in order, and the steps that take it. (4)

A step is at most a tenth of a second of audio, so that many sessions share one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.live_records import (
    Commit,
    CommitRefused,
    CommittedText,
    Listen,
    ListeningEnded,
    PartialText,
)
from echoless.crossing.media_records import EndInput, InputCredit
from echoless.crossing.records import Record
from echoless.volatile.speech.hearing_ports import HearingOptions, LiveRecognizer
from echoless.volatile.speech.live_flow import Committed, LiveFlow, LiveRules, Outcome, Partial
from echoless.volatile.speech.transcripts import text_of
from echoless.volatile.speech.windows import VoiceActivity

# The gateway bounds what is on its way; this is only for one that does not.
QUEUED_BYTES_MAX: Final = 8 * 1024 * 1024
_STEPS_PER_SECOND: Final = 10


class LiveSamples(Protocol):
    """Turns a client's audio into samples to be heard."""

    def convert(self, audio: AudioContent, *, is_last: bool = False) -> AudioContent:
        """Return the samples that are ready."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


@dataclass(frozen=True, slots=True)
class ListeningParts:
    """What every session is made with.

    recognizers:  by the names of orders; empty for the embedded one
    new_activity: makes a detector of voice for a threshold from 0.1 to 0.9
    new_samples:  makes what reads an audio format; raises EcholessError(INVALID_PARAMETERS)
    """

    recognizers: Mapping[str, LiveRecognizer]
    new_activity: Callable[[float], VoiceActivity]
    new_samples: Callable[[str], LiveSamples]


class Listening:
    """A session.

    order: what it is to do

    raises: EcholessError(NOT_AVAILABLE) for a recogniser that is not here; INVALID_PARAMETERS, ENGINE_UNAVAILABLE,
            CONCURRENT_LIMIT_EXCEEDED
    """

    def __init__(self, order: Listen, parts: ListeningParts, post: Callable[[Record], None]) -> None:
        recognizer = parts.recognizers.get(order.engine_model)
        if recognizer is None:
            raise EcholessError(ErrorCode.NOT_AVAILABLE, "no such recogniser here")
        self.order = order
        self._samples = parts.new_samples(order.audio_format)
        self._slice_bytes = _slice_bytes(order.audio_format)
        self._post = post
        activity = parts.new_activity(order.vad_threshold)
        session = recognizer.open(_options(order))
        self._flow = LiveFlow(_rules(order), session, activity)
        self._queue: deque[AudioContent | Commit | EndInput] = deque()
        self._queued_bytes = 0
        self._taken_bytes = 0
        self.is_done = False

    @property
    def has_work(self) -> bool:
        """Whether there is a step to do."""
        return bool(self._queue) and not self.is_done

    def add(self, item: AudioContent | Commit | EndInput) -> None:
        """Take what came.

        raises: EcholessError(CROSSING_BROKEN) when more audio waits than any gateway sends
        """
        if isinstance(item, AudioContent):
            self._queued_bytes += len(item)
            if self._queued_bytes > QUEUED_BYTES_MAX:
                raise EcholessError(ErrorCode.CROSSING_BROKEN, "more live audio than was asked for")
        self._queue.append(item)

    def step(self) -> None:
        """Do one step.

        raises: EcholessError as the recogniser does
        """
        item = self._queue.popleft()
        if isinstance(item, AudioContent):
            self._hear(item)
        elif isinstance(item, Commit):
            self._tell(self._flow.commit())
        else:
            self._tell(self._flow.hear(self._samples.convert(AudioContent(b""), is_last=True)))
            self._tell(self._flow.end())
            self._post(self.ending(""))
            self.is_done = True

    def ending(self, error_code: str) -> ListeningEnded:
        """Return the last record."""
        return ListeningEnded(error_code, round(self._flow.audio_s * 1000))

    def close(self) -> None:
        """Release everything. May be called twice."""
        self._queue.clear()
        self._flow.close()
        self._samples.close()

    def _hear(self, audio: AudioContent) -> None:
        """Hear the first slice of a frame; the rest waits in its place."""
        data = audio.reveal()
        piece = data[: self._slice_bytes]
        self._tell(self._flow.hear(self._samples.convert(AudioContent(piece))))
        self._taken_bytes += len(piece)
        self._queued_bytes -= len(piece)
        if len(data) > len(piece):
            self._queue.appendleft(AudioContent(data[len(piece) :]))
        else:
            self._post(InputCredit(self._taken_bytes))
            self._taken_bytes = 0

    def _tell(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Partial):
                self._post(PartialText(outcome.text.reveal()))
            elif isinstance(outcome, Committed):
                words = list(outcome.words)
                self._post(CommittedText(outcome.cause, text_of(words).reveal(), outcome.language, words))
            else:
                self._post(CommitRefused(outcome.code))


def _options(order: Listen) -> HearingOptions:
    return HearingOptions(
        language=order.language_code,
        keyterms=tuple(TextContent(term) for term in order.keyterms),
        drops_fillers=order.drops_fillers,
        tags_events=False,
    )


def _rules(order: Listen) -> LiveRules:
    return LiveRules(order.commits_by_vad, order.silence_s, order.speech_ms_min, order.silence_ms_min)


def _slice_bytes(audio_format: str) -> int:
    """Return how much audio makes a step; the format has been checked."""
    codec, rate_hz = audio_format.split("_")
    return int(rate_hz) // _STEPS_PER_SECOND * (1 if codec == "ulaw" else 2)
