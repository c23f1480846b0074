"""Query and form of speech to text.

source: the wire contract, speech to text, section 1
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from echoless.crossing.media_records import FORMATS_MAX, KEYTERMS_MAX
from echoless.volatile.gateway.schemas.base import Body, Query

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1, le=100_000)]


class TranscriptionQuery(Query):
    """Query of the batch."""

    enable_logging: bool = Field(True, description="`false` asks for zero retention of this request.")
    token: str | None = Field(None, description="A single-use token in place of a key.")


class TranscriptFormat(Body):
    """One of the files that a transcript is wanted as; what is absent has the format's own default."""

    format: Literal["docx", "html", "pdf", "segmented_json", "srt", "txt"]
    include_speakers: bool | None = None
    include_timestamps: bool | None = None
    segment_on_silence_longer_than_s: Seconds | None = None
    max_segment_duration_s: Seconds | None = None
    max_segment_chars: Count | None = None
    max_characters_per_line: Count | None = None


class TranscriptionForm(Body):
    """Fields beside the recording. Lists and objects may be written as JSON, lists also as repeated fields."""

    model_id: str
    language_code: str | None = Field(None, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}$")
    secondary_language_codes: list[str] | None = None
    numbers_format: Literal["digits", "words"] | None = None
    tag_audio_events: bool = True
    num_speakers: int | None = Field(None, ge=1, le=32)
    timestamps_granularity: Literal["none", "word", "character"] = "word"
    diarize: bool = False
    diarization_threshold: float | None = Field(None, ge=0.1, le=0.4)
    detect_speaker_roles: bool = False
    use_speaker_library: bool = False
    use_multi_channel: bool = False
    multichannel_output_style: Literal["separate", "combined"] = "separate"
    additional_formats: Annotated[list[TranscriptFormat], Field(max_length=FORMATS_MAX)] | None = None
    file_format: Literal["pcm_s16le_16", "other"] = "other"
    temperature: float = Field(0.0, ge=0, le=2)
    seed: int | None = Field(None, ge=0, le=2147483647)
    keyterms: Annotated[list[str], Field(max_length=KEYTERMS_MAX)] | None = Field(None, repr=False)
    entity_detection: list[str] | None = None
    entity_redaction: list[str] | None = None
    entity_redaction_mode: Literal["redacted", "entity_type", "enumerated_entity_type"] | None = None
    no_verbatim: bool = False
    transcript_edit: str | None = Field(None, repr=False, max_length=2000)
    webhook: bool = False
    webhook_id: str | None = Field(None, max_length=256)
    webhook_metadata: dict[str, Any] | None = Field(None, repr=False)
    source_url: str | None = Field(None, repr=False, max_length=8192)
    cloud_storage_url: str | None = Field(None, repr=False, max_length=8192)
