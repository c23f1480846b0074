"""Query and body of text to speech.

source: the wire contract, text to speech, sections 1.1 and 1.2
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.volatile.gateway.schemas.base import Body, Query, Unit
from echoless.volatile.gateway.schemas.voices import StoredVoiceSettings

_ALL: Final = tuple(AUDIO_FORMATS)
_STREAMABLE: Final = tuple(name for name, form in AUDIO_FORMATS.items() if form.is_streamable)


class WholeSpeechQuery(Query):
    """Query of the answers whose length may be known first."""

    enable_logging: bool = Field(True, description="`false` asks for zero retention of this request.")
    optimize_streaming_latency: int | None = Field(None, ge=0, le=4)
    output_format: Literal[_ALL] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # the table is the enumeration


class StreamedSpeechQuery(WholeSpeechQuery):
    """Query of the streamed answers: no RIFF, which states its sizes first."""

    output_format: Literal[_STREAMABLE] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # as above


class VoiceSettings(StoredVoiceSettings):
    """How a voice speaks; what is absent comes from the voice's stored settings."""

    clone_strength: Unit | None = None


class DictionaryLocator(Body):
    """Names a pronunciation dictionary."""

    pronunciation_dictionary_id: str = Field(repr=False)
    version_id: str | None = Field(None, repr=False)


class AudioEffects(Body):
    """Names effects; this server has none yet."""

    filter_preset_id: str | None = None
    environment_id: str | None = None
    background_noise_id: str | None = None
    distance: Unit | None = None
    send_level: Unit | None = None
    pan: Annotated[float, Field(ge=-1, le=1)] | None = None


RequestIds = Annotated[list[str], Field(max_length=3)]


class SpeechBody(Body):
    """What is to be said, and how."""

    text: str = Field(repr=False, min_length=1, examples=["The quick brown fox jumps over the lazy dog."])
    model_id: str | None = None
    language_code: str | None = None
    voice_settings: VoiceSettings | None = None
    pronunciation_dictionary_locators: Annotated[list[DictionaryLocator], Field(max_length=3)] | None = None
    seed: int | None = Field(None, ge=0, le=4294967295)
    previous_text: str | None = Field(None, repr=False)
    next_text: str | None = Field(None, repr=False)
    previous_request_ids: RequestIds | None = None
    next_request_ids: RequestIds | None = None
    use_pvc_as_ivc: bool | None = None
    apply_text_normalization: Literal["auto", "on", "off"] | None = None
    apply_language_text_normalization: bool | None = None
    audio_effects: AudioEffects | None = None
