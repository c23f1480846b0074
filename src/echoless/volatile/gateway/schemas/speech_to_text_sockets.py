"""Query and messages of live recognition. Keyterms are content, in a query: it is never shown anywhere.

source: the wire contract, speech to text, sections 4.1 and 4.2
"""

from __future__ import annotations

import binascii
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from echoless.core.content import AudioContent
from echoless.crossing.live_records import LIVE_KEYTERMS_MAX
from echoless.volatile.gateway.schemas.base import Body, Query
from echoless.volatile.speech.listening_flow import InputFormat, ListeningMessage, input_error

_LanguageCode = Annotated[str, Field(max_length=35)]
_Keyterm = Annotated[str, Field(min_length=1, max_length=20)]
_DurationMs = Annotated[int, Field(ge=50, le=2000)]
_AudioFormat = Literal["pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000"]
_LISTS: Final = frozenset(
    {"audio_format", "secondary_languages", "keyterms", "entity_detection", "entity_redaction"}
)
_CHUNK: Final = "input_audio_chunk"


class ListeningQuery(Query):
    """Query of a session."""

    model_id: str
    # A client may send it twice with one value.
    audio_format: Annotated[list[_AudioFormat], Field(min_length=1)] = Field(default=["pcm_16000"])
    commit_strategy: Literal["manual", "vad", "turn_prediction"] = "manual"
    vad_silence_threshold_secs: float = Field(1.5, ge=0.3, le=3.0)
    vad_threshold: float = Field(0.4, ge=0.1, le=0.9)
    min_speech_duration_ms: _DurationMs = 100
    min_silence_duration_ms: _DurationMs = 100
    language_code: _LanguageCode | None = None
    secondary_languages: Annotated[list[_LanguageCode], Field(max_length=64)] = Field(default=[])
    include_timestamps: bool = False
    include_language_detection: bool = False
    keyterms: Annotated[list[_Keyterm], Field(max_length=LIVE_KEYTERMS_MAX)] = Field(default=[], repr=False)
    no_verbatim: bool = False
    entity_detection: list[str] = Field(default=[], repr=False)
    entity_redaction: list[str] = Field(default=[], repr=False)
    entity_redaction_mode: str | None = None
    transcript_edit: str | None = Field(None, max_length=2000, repr=False)
    filter_background_audio: bool = False
    diarize: bool = False
    enable_logging: bool = Field(True, description="`false` asks for zero retention of the whole session.")

    @classmethod
    def lists(cls) -> frozenset[str]:
        """Names of the parameters that may be repeated."""
        return _LISTS

    @field_validator("audio_format")
    @classmethod
    def _one_format(cls, names: list[str]) -> list[str]:
        if len(set(names)) > 1:
            raise ValueError
        return names

    @property
    def format_name(self) -> str:
        """The one format of the session."""
        return self.audio_format[-1]

    @property
    def input_format(self) -> InputFormat:
        """How its samples are written."""
        codec, _, rate = self.format_name.partition("_")
        return InputFormat(int(rate), 2 if codec == "pcm" else 1)

    def unsupported(self) -> str | None:
        """Return the first option that asks for what this server cannot do, or None."""
        asked = {
            "commit_strategy": self.commit_strategy == "turn_prediction",
            "entity_detection": any(self.entity_detection),
            "entity_redaction": any(self.entity_redaction),
            "transcript_edit": bool(self.transcript_edit),
            "filter_background_audio": self.filter_background_audio,
            "diarize": self.diarize,
        }
        return next((name for name, is_asked in asked.items() if is_asked), None)


class ListeningBody(Body):
    """One message of a client."""

    message_type: Literal["input_audio_chunk", "commit"]
    audio_base_64: str | None = Field(None, repr=False)
    commit: bool | None = None
    sample_rate: int | None = None
    previous_text: str | None = Field(None, repr=False)

    def as_flow(self) -> ListeningMessage:
        """Return the message as the flow takes it.

        raises: ListeningError for audio that is no base64
        """
        return ListeningMessage(
            audio=_decoded(self.audio_base_64 or ""),
            is_commit=bool(self.commit) or self.message_type != _CHUNK,
            sample_rate_hz=self.sample_rate,
            previous_text_length=len(self.previous_text or ""),
        )


def _decoded(text: str) -> AudioContent:
    try:
        return AudioContent(binascii.a2b_base64(text, strict_mode=True))
    except (binascii.Error, ValueError):
        pass
    raise input_error("The audio is not valid base64.", "audio_base_64")
