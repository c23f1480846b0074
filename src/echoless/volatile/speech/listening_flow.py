"""What the socket of live recognition does: messages and the time in, commands out. (3)

A mistake after which a transcript would have a hole ends the session; whoever sent it is told which field it was.
source: the wire contract, speech to text, sections 4.2 and 4.3
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode

CHUNK_BYTES_MAX: Final = 512 * 1024
PREVIOUS_TEXT_MAX: Final = 50
WAITING_S_MAX: Final = 60
"""How much audio may wait to be heard."""
ACTIVITY_S: Final = 15.0
"""After so long without audio a session gives its place back."""
SESSION_S_MAX: Final = 4 * 3600.0


class ErrorKind(StrEnum):
    """What goes wrong in a session, in the wire contract's words."""

    AUTH_ERROR = "auth_error"
    QUOTA_EXCEEDED = "quota_exceeded"
    INVALID_REQUEST = "invalid_request"
    RESOURCE_EXHAUSTED = "resource_exhausted"
    SESSION_TIME_LIMIT_EXCEEDED = "session_time_limit_exceeded"
    INPUT_ERROR = "input_error"
    CHUNK_SIZE_EXCEEDED = "chunk_size_exceeded"
    QUEUE_OVERFLOW = "queue_overflow"
    TRANSCRIBER_ERROR = "transcriber_error"
    ERROR = "error"
    COMMIT_THROTTLED = "commit_throttled"
    INSUFFICIENT_AUDIO_ACTIVITY = "insufficient_audio_activity"


class ListeningError(EcholessError):
    """An error of a session, with the word that its clients know."""

    def __init__(self, kind: ErrorKind, code: ErrorCode, description: str, *, param: str | None = None) -> None:
        super().__init__(code, description, param=param)
        self.kind = kind


def input_error(description: str, param: str | None = None) -> ListeningError:
    """Return the error of a message that does not fit."""
    return ListeningError(ErrorKind.INPUT_ERROR, ErrorCode.INVALID_MESSAGE, description, param=param)


@dataclass(frozen=True, slots=True)
class ListeningMessage:
    """What a client said.

    sample_rate_hz:       None where it did not say
    previous_text_length: 0 where it sent none
    """

    audio: AudioContent
    is_commit: bool = False
    sample_rate_hz: int | None = None
    previous_text_length: int = 0


@dataclass(frozen=True, slots=True)
class InputFormat:
    """How the samples of a session are written."""

    sample_rate_hz: int
    sample_bytes: int

    def duration_ms(self, byte_count: int) -> int:
        """Return how long so many bytes sound."""
        return byte_count * 1000 // (self.sample_rate_hz * self.sample_bytes)

    @property
    def waiting_bytes_max(self) -> int:
        """Return how many bytes may wait to be heard."""
        return WAITING_S_MAX * self.sample_rate_hz * self.sample_bytes


@dataclass(frozen=True, slots=True)
class Hear:
    """Give audio to the recogniser."""

    audio: AudioContent


@dataclass(frozen=True, slots=True)
class CommitSegment:
    """Ask for the open segment to be closed."""


@dataclass(frozen=True, slots=True)
class Rest:
    """No audio has come for some time."""


ListeningCommand = Hear | CommitSegment | Rest


class ListeningFlow:
    """One session."""

    def __init__(self, form: InputFormat, now_s: float) -> None:
        self._form = form
        self._ends_s = now_s + SESSION_S_MAX
        self._heard_s: float | None = None
        self._has_heard = False

    def receive(self, message: ListeningMessage, now_s: float) -> list[ListeningCommand]:
        """Take a message.

        raises: ListeningError; the session is over then
        """
        self._check(message)
        commands: list[ListeningCommand] = []
        if len(message.audio):
            commands.append(Hear(message.audio))
            self._has_heard = True
            self._heard_s = now_s
        if message.is_commit:
            commands.append(CommitSegment())
        return commands

    def deadline_s(self) -> float:
        """Return when the flow wants to be told the time."""
        return self._ends_s if self._heard_s is None else min(self._ends_s, self._heard_s + ACTIVITY_S)

    def tick(self, now_s: float) -> list[ListeningCommand]:
        """Take note of the time.

        raises: ListeningError when the session has lasted for as long as one may
        """
        if now_s >= self._ends_s:
            raise ListeningError(
                ErrorKind.SESSION_TIME_LIMIT_EXCEEDED,
                ErrorCode.INPUT_TIMEOUT_EXCEEDED,
                f"A session lasts at most {SESSION_S_MAX:g} s.",
            )
        if self._heard_s is None or now_s < self._heard_s + ACTIVITY_S:
            return []
        self._heard_s = None
        return [Rest()]

    def _check(self, message: ListeningMessage) -> None:
        form, count = self._form, len(message.audio)
        if message.sample_rate_hz is not None and message.sample_rate_hz != form.sample_rate_hz:
            raise input_error(f"The sample_rate is not that of the session, {form.sample_rate_hz}.", "sample_rate")
        if message.previous_text_length and self._has_heard:
            raise input_error("The previous_text comes with the first audio only.", "previous_text")
        if message.previous_text_length > PREVIOUS_TEXT_MAX:
            raise input_error(f"The previous_text has at most {PREVIOUS_TEXT_MAX} characters.", "previous_text")
        if count > CHUNK_BYTES_MAX:
            raise ListeningError(
                ErrorKind.CHUNK_SIZE_EXCEEDED,
                ErrorCode.INVALID_MESSAGE,
                f"A chunk has at most {CHUNK_BYTES_MAX} bytes of audio.",
                param="audio_base_64",
            )
        if count % form.sample_bytes:
            raise input_error("The audio ends within a sample.", "audio_base_64")
