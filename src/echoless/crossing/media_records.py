"""Records of jobs that are given audio: conversion to another voice, and recognition of a whole recording.

The audio goes to the engine as raw frames within a window that the engine opens, so that an upload of any size is
in memory by one window at a time. A job may wait in its engine's queue: input is sent once JobStarted has come.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

KEYTERMS_MAX: Final = 1000
FORMATS_MAX: Final = 16
_Keyterms = Annotated[list[Name], msgspec.Meta(max_length=KEYTERMS_MAX)]

KIND_INPUT_AUDIO: Final = 42
"""A client's audio on its way to an engine: raw bytes, as they were uploaded. Content."""
KIND_KEEP_INPUT_AUDIO: Final = 43
"""The same bytes on their way into the vault. Content."""
KIND_KEEP_TRANSCRIPT: Final = 44
"""A transcript on its way into the vault: pieces of one JSON text in UTF-8, sent before the close. Content."""


class InputFormat(StrEnum):
    """What a client said of its audio; what a container holds is found out by looking."""

    PCM_S16LE_16 = "pcm_s16le_16"
    """Headerless samples of 16 bits, little endian, mono, 16,000 a second."""
    OTHER = "other"


# --- from a gateway to an engine -------------------------------------------------------------------------------


class Convert(Record, frozen=True):
    """(4) One job of conversion: the audio that follows, said by another voice.

    Answered by JobStarted, InputCredit..., SpeechBegan, audio..., SpeechEnded.

    engine_model:  empty for the embedded engine, else the name of an installed or remote one
    window_bytes:  how many bytes of output may be on their way before a Credit is needed
    duration_ms_max: longer input ends the job with INVALID_PARAMETERS
    """

    KIND: ClassVar[int] = 70
    engine_model: Code
    catalogue_id: Code
    settings: dict[str, float | bool]
    seed: int | None
    output_format: Code
    input_format: InputFormat
    removes_noise: bool
    window_bytes: Count
    duration_ms_max: Count
    wants_diagnosis: bool = False


class Transcribe(Record, frozen=True):
    """(4) One job of recognition of the audio that follows. Content, for its terms.

    Answered by JobStarted, InputCredit..., TranscriptPart..., TranscriptEnded.

    engine_model:          as in Convert
    language_code:         ISO 639-1, or empty for whatever is found
    speaker_count:         None for as many as are found, up to the engine's maximum
    diarization_threshold: how unlike two voices must be to be two speakers, 0.1 to 0.4; None for the engine's own
    is_multichannel:       each channel is recognised by itself
    """

    KIND: ClassVar[int] = 71
    IS_CONTENT: ClassVar[bool] = True
    engine_model: Code
    language_code: Code
    input_format: InputFormat
    wants_characters: bool
    is_diarized: bool
    speaker_count: Count | None
    diarization_threshold: float | None
    is_multichannel: bool
    tags_events: bool
    drops_fillers: bool
    keyterms: _Keyterms
    seed: int | None
    temperature: float
    duration_ms_max: Count
    wants_diagnosis: bool = False


class EndInput(Record, frozen=True):
    """(4) No more audio comes."""

    KIND: ClassVar[int] = 72


class WordKind(StrEnum):
    """What a piece of a transcript is, in the wire contract's words."""

    WORD = "word"
    SPACING = "spacing"
    AUDIO_EVENT = "audio_event"


class TranscriptWord(Record, frozen=True):
    """A word, a space or an event with its times, in seconds from the start. Content inside its records.

    speaker:     0 for the first one heard; None where nobody was told apart
    logprob:     natural logarithm of the engine's confidence, 0 or below
    characters:  as many as the text has, each with its start and end; empty where they were not asked for
    """

    text: str
    kind: WordKind
    start_s: float
    end_s: float
    logprob: float
    speaker: Count | None = None
    character_start_s: list[float] = []  # noqa: RUF012  # msgspec copies an empty list for each record
    character_end_s: list[float] = []  # noqa: RUF012  # as above


class DocumentFormat(Record, frozen=True):
    """One of the files that a transcript is wanted as; limits are None where there is none.

    source: the wire contract, speech to text, section 1.1
    """

    name: Code
    shows_speakers: bool
    shows_times: bool
    line_characters_max: Count | None
    silence_s_max: float | None
    segment_s_max: float | None
    segment_characters_max: Count | None


class RenderTranscript(Record, frozen=True):
    """(5) Asks for a transcript as files. Content. Answered by DocumentPart..., DocumentsEnded."""

    KIND: ClassVar[int] = 73
    IS_CONTENT: ClassVar[bool] = True
    words: list[TranscriptWord]
    language_code: Code
    formats: Annotated[list[DocumentFormat], msgspec.Meta(max_length=FORMATS_MAX)]


class WordsToRender(Record, frozen=True):
    """(5) The first words of a transcript that is too long for one record, sent before its RenderTranscript, whose
    own words come last. Content. Not answered.
    """

    KIND: ClassVar[int] = 82
    IS_CONTENT: ClassVar[bool] = True
    words: list[TranscriptWord]


# --- from an engine to a gateway -------------------------------------------------------------------------------


class JobStarted(Record, frozen=True):
    """A job has left the queue: its input may come.

    window_bytes: how many bytes of input may be on their way before an InputCredit is needed
    """

    KIND: ClassVar[int] = 74
    window_bytes: Count


class InputCredit(Record, frozen=True):
    """The engine has taken so many more bytes of input, or needs no more: whoever sends may go on."""

    KIND: ClassVar[int] = 75
    taken_bytes: Count


class InputKnown(Record, frozen=True):
    """What the input turned out to be, from its first bytes.

    media_type: of the container, for example `audio/mpeg`
    """

    KIND: ClassVar[int] = 76
    media_type: Code


class TranscriptPart(Record, frozen=True):
    """The next words of one channel. Content."""

    KIND: ClassVar[int] = 77
    IS_CONTENT: ClassVar[bool] = True
    channel: Count
    words: list[TranscriptWord]


class SpeakerNames(Record, frozen=True):
    """Who said each word, known at the end only: one number for each word sent, in order; None for nobody."""

    KIND: ClassVar[int] = 78
    speakers: list[Count | None]


class TranscriptEnded(Record, frozen=True):
    """The last record of a recognition.

    error_code:           empty when all went well
    language_code:        ISO 639-1
    language_probability: 0 to 1; 1 where no other language is installed
    """

    KIND: ClassVar[int] = 79
    error_code: Code
    audio_ms: Count
    channel_count: Count
    language_code: Code
    language_probability: float


class DocumentPart(Record, frozen=True):
    """Bytes of a file, in order. Content.

    index: of the format in the question
    """

    KIND: ClassVar[int] = 80
    IS_CONTENT: ClassVar[bool] = True
    index: Count
    data: bytes


class DocumentsEnded(Record, frozen=True):
    """All files have been sent.

    error_code: empty when all went well
    """

    KIND: ClassVar[int] = 81
    error_code: Code


MEDIA_RECORDS: Final[tuple[type[Record], ...]] = (
    Convert, Transcribe, EndInput, RenderTranscript, JobStarted, InputCredit, InputKnown, TranscriptPart,
    SpeakerNames, TranscriptEnded, DocumentPart, DocumentsEnded, WordsToRender,
)  # fmt: skip
"""Between a gateway and an engine that hears."""
