"""A live transcript, as a flow of audio in and outcomes out: what is spoken is heard, and segments are closed.

A segment is closed by whoever asks, by silence where the session wants that, after COMMIT_S_MAX without, and at the
end. Only what may be speech goes to the recogniser; its times are put back to those of the session.
source: the wire contract, speech to text, section 4
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.crossing.live_records import CommitCause
from echoless.crossing.media_records import TranscriptWord
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, HeardWord, LiveSession
from echoless.volatile.speech.transcripts import TranscriptFlow
from echoless.volatile.speech.windows import FRAME_BYTES, FRAME_MS, VoiceActivity

COMMIT_S_MAX: Final = 90.0
NEW_AUDIO_S_MIN: Final = 0.3
_FRAME_S: Final = FRAME_MS / 1000
# Before the first voice: consonants begin below what a detector hears.
_LEAD_FRAMES: Final = 8
# A longer silence is not given to the recogniser; a shorter one tells it where words end.
_TAIL_FRAMES: Final = 20
_SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class LiveRules:
    """When a session's segments are closed.

    commits_by_silence: whether silence closes them
    silence_s:          how long a silence
    speech_ms_min:      less voice than this is no speech
    silence_ms_min:     a gap shorter than this is no silence
    """

    commits_by_silence: bool
    silence_s: float
    speech_ms_min: int
    silence_ms_min: int

    @property
    def silence_frames(self) -> int:
        """How many frames without voice close a segment."""
        return max(1, round(max(self.silence_s, self.silence_ms_min / 1000) / _FRAME_S))


@dataclass(frozen=True, slots=True)
class Partial:
    """The hypothesis of the open segment."""

    text: TextContent


@dataclass(frozen=True, slots=True)
class Committed:
    """A closed segment."""

    cause: CommitCause
    words: Sequence[TranscriptWord]
    language: str


@dataclass(frozen=True, slots=True)
class NotCommitted:
    """A commit that closed nothing; its wire code."""

    code: str


Outcome = Partial | Committed | NotCommitted


class LiveFlow:
    """One session. It raises what its recogniser raises."""

    def __init__(self, rules: LiveRules, session: LiveSession, activity: VoiceActivity) -> None:
        self._rules = rules
        self._session = session
        self._activity = activity
        self._rest = b""
        self._lead: deque[bytes] = deque(maxlen=_LEAD_FRAMES)
        self._times = _Times()
        self._frame_count = 0
        self._voiced_count = 0
        self._silent_run = 0
        self._last_commit_frame = 0
        self._partial = ""
        self._audio_bytes = 0

    @property
    def audio_s(self) -> float:
        """How much audio has come."""
        return self._audio_bytes / _SAMPLE_BYTES / HEARING_RATE_HZ

    def hear(self, pcm: AudioContent) -> list[Outcome]:
        """Take the next samples."""
        self._audio_bytes += len(pcm)
        return self._hear(pcm.reveal())

    def commit(self) -> list[Outcome]:
        """Close the segment because somebody asks."""
        if self.audio_s - self._last_commit_frame * _FRAME_S < NEW_AUDIO_S_MIN:
            return [NotCommitted("commit_throttled")]
        if not self._has_speech:
            return [NotCommitted("insufficient_audio_activity")]
        return self._commit(CommitCause.MANUAL)

    def end(self) -> list[Outcome]:
        """Close what is open: no more audio comes."""
        # The last samples fill no frame: silence behind them does.
        outcomes = self._hear(bytes(FRAME_BYTES - len(self._rest))) if self._rest else []
        return outcomes + self._commit(CommitCause.END) if self._has_speech else outcomes

    def close(self) -> None:
        """Release everything. May be called twice."""
        self._rest, self._partial = b"", ""
        self._lead.clear()
        self._session.close()

    def _hear(self, pcm: bytes) -> list[Outcome]:
        data = self._rest + pcm
        done = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[done:]
        outcomes: list[Outcome] = []
        waiting: list[bytes] = []
        for at in range(0, done, FRAME_BYTES):
            waiting += self._admitted(data[at : at + FRAME_BYTES])
            cause = self._due()
            if cause is not None:
                outcomes += self._listen(waiting)
                waiting = []
                outcomes += self._close(cause)
        return outcomes + self._listen(waiting)

    @property
    def _has_speech(self) -> bool:
        return self._voiced_count > 0 and self._voiced_count * FRAME_MS >= self._rules.speech_ms_min

    def _admitted(self, frame: bytes) -> list[bytes]:
        """Take one frame; return the frames that the recogniser is to hear now."""
        is_voiced = self._activity.is_speech(AudioContent(frame))
        self._frame_count += 1
        self._silent_run = 0 if is_voiced else self._silent_run + 1
        self._voiced_count += is_voiced
        if is_voiced or (self._voiced_count and self._silent_run <= _TAIL_FRAMES):
            frames = [*self._lead, frame]
            self._lead.clear()
            self._times.note(self._frame_count - len(frames), len(frames))
            return frames
        self._lead.append(frame)
        return []

    def _due(self) -> CommitCause | None:
        if self._rules.commits_by_silence and self._voiced_count and self._silent_run >= self._rules.silence_frames:
            return CommitCause.VOICE_ACTIVITY
        if (self._frame_count - self._last_commit_frame) * _FRAME_S >= COMMIT_S_MAX:
            return CommitCause.TIME_LIMIT
        return None

    def _close(self, cause: CommitCause) -> list[Outcome]:
        """Close a segment that nobody asked to close: what holds no speech is dropped."""
        outcomes = self._commit(cause)
        return [outcome for outcome in outcomes if isinstance(outcome, Committed) and outcome.words]

    def _listen(self, frames: list[bytes]) -> list[Outcome]:
        if not frames:
            return []
        hypothesis = self._session.hear(AudioContent(b"".join(frames)))
        if hypothesis is None or not len(hypothesis) or hypothesis.reveal() == self._partial:
            return []
        self._partial = hypothesis.reveal()
        return [Partial(hypothesis)]

    def _commit(self, cause: CommitCause) -> list[Outcome]:
        has_speech = self._has_speech
        heard = self._session.commit()
        words = [self._times.placed(word) for word in heard.words] if has_speech else []
        placed = TranscriptFlow(wants_characters=False).add(words, 0.0)
        self._times.forget()
        self._voiced_count = 0
        self._last_commit_frame = self._frame_count
        self._partial = ""
        return [Committed(cause, placed, heard.language)]


class _Times:
    """Where in the session the frames lie that the recogniser has heard."""

    def __init__(self) -> None:
        self._heard: list[int] = []
        self._session: list[int] = []
        self._count = 0

    def note(self, session_frame: int, count: int) -> None:
        """Take note that the next frames heard begin at a frame of the session."""
        if not self._heard or session_frame - self._session[-1] != self._count - self._heard[-1]:
            self._heard.append(self._count)
            self._session.append(session_frame)
        self._count += count

    def placed(self, word: HeardWord) -> HeardWord:
        """Return a word with the session's times."""
        start_s = self._place(word.start_s)
        end_s = max(start_s, self._place(word.end_s - 1e-6) + 1e-6)
        return HeardWord(word.text, start_s, end_s, word.logprob, word.is_event)

    def forget(self) -> None:
        """Forget all pieces but the last, which may go on."""
        del self._heard[:-1], self._session[:-1]

    def _place(self, time_s: float) -> float:
        index = max(0, bisect_right(self._heard, time_s / _FRAME_S + 1e-6) - 1)
        if not self._heard:
            return time_s
        return time_s + (self._session[index] - self._heard[index]) * _FRAME_S
