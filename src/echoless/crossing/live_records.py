"""Records of live recognition: audio goes in as it is spoken, partial and committed transcripts come back.

source: the wire contract, speech to text, section 4
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.media_records import TranscriptWord
from echoless.crossing.records import Code, Count, Name, Record

LIVE_KEYTERMS_MAX: Final = 50


class CommitCause(StrEnum):
    """Why a segment of a live transcript was closed."""

    MANUAL = "manual"
    VOICE_ACTIVITY = "vad"
    TIME_LIMIT = "time_limit"
    END = "end"


class Listen(Record, frozen=True):
    """(4) One live recognition; raw audio follows as KIND_INPUT_AUDIO frames.

    Answered by InputCredit for each frame heard, PartialText, CommittedText, CommitRefused and last ListeningEnded.
    Content, for its terms.

    engine_model:  empty for the embedded engine, else the name of an installed or remote one
    audio_format:  `pcm_16000`, `ulaw_8000` and the like
    commits_by_vad: whether silence commits; else only Commit does
    silence_s:     how long a silence commits
    vad_threshold: 0.1 to 0.9; higher takes less for speech
    """

    KIND: ClassVar[int] = 90
    IS_CONTENT: ClassVar[bool] = True
    engine_model: Code
    language_code: Code
    audio_format: Code
    commits_by_vad: bool
    silence_s: float
    vad_threshold: float
    speech_ms_min: Count
    silence_ms_min: Count
    drops_fillers: bool
    keyterms: Annotated[list[Name], msgspec.Meta(max_length=LIVE_KEYTERMS_MAX)]
    wants_diagnosis: bool = False


class Commit(Record, frozen=True):
    """(4) Close the segment. Answered by CommittedText or CommitRefused."""

    KIND: ClassVar[int] = 91


class PartialText(Record, frozen=True):
    """The running hypothesis of the open segment. Content."""

    KIND: ClassVar[int] = 92
    IS_CONTENT: ClassVar[bool] = True
    text: str


class CommittedText(Record, frozen=True):
    """A closed segment; times in seconds from the start of the session. Content."""

    KIND: ClassVar[int] = 93
    IS_CONTENT: ClassVar[bool] = True
    cause: CommitCause
    text: str
    language_code: Code
    words: list[TranscriptWord]


class CommitRefused(Record, frozen=True):
    """A commit that closed nothing; the session goes on.

    code: `commit_throttled` or `insufficient_audio_activity`
    """

    KIND: ClassVar[int] = 94
    code: Code


class ListeningEnded(Record, frozen=True):
    """The last record: after EndInput, or when the engine failed.

    error_code: empty when all went well
    """

    KIND: ClassVar[int] = 95
    error_code: Code
    audio_ms: Count


LIVE_RECORDS: Final[tuple[type[Record], ...]] = (
    Listen, Commit, PartialText, CommittedText, CommitRefused, ListeningEnded,
)  # fmt: skip
"""Between a gateway and an engine that listens; EndInput and Cancel besides."""
