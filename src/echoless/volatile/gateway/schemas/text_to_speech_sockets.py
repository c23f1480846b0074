"""Query and messages of the text sockets.

source: the wire contract, text to speech, sections 2.1, 2.2 and 3
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.core.content import TextContent
from echoless.volatile.gateway.schemas.base import Body, Query, Unit
from echoless.volatile.gateway.socket_credentials import (
    Credential,
    credential_from,
    key_credential,
    token_credential,
)
from echoless.volatile.speech.generation_buffer import SCHEDULE_ITEM_MAX, SCHEDULE_ITEM_MIN
from echoless.volatile.speech.socket_flow import SocketMessage

INACTIVITY_S: Final = 20
_STREAMABLE: Final = tuple(name for name, form in AUDIO_FORMATS.items() if form.is_streamable)
# The document's own default is a format without its bit rate.
_SHORTHANDS: Final = {"mp3_44100": DEFAULT_AUDIO_FORMAT}
# A release of the Python client sends the name of a Python object where it means nothing.
_MEANS_NOTHING: Final = frozenset({"Ellipsis", ""})
_ContextId = Annotated[str, Field(max_length=256)]


class SpeechSocketQuery(Query):
    """Query of a text socket."""

    model_id: str | None = None
    language_code: str | None = None
    enable_logging: bool = Field(True, description="`false` asks for zero retention of the whole socket.")
    enable_ssml_parsing: bool = False
    output_format: Literal[_STREAMABLE] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # the table is the enumeration
    inactivity_timeout: int = Field(INACTIVITY_S, ge=1, le=180)
    sync_alignment: bool = False
    auto_mode: bool = False
    apply_text_normalization: Literal["auto", "on", "off"] = "auto"
    seed: int | None = Field(None, ge=0, le=4294967295)
    optimize_streaming_latency: int | None = Field(None, ge=0, le=4)

    @field_validator("model_id", "language_code", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return None if value in _MEANS_NOTHING else value

    @field_validator("output_format", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return _SHORTHANDS.get(value, value)


class SocketVoiceSettings(Body):
    """How a voice speaks; what is absent comes from the voice's stored settings."""

    stability: Unit | None = None
    similarity_boost: Unit | None = None
    style: Unit | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = Field(None, ge=0.7, le=1.2)
    clone_strength: Unit | None = None

    def given(self) -> dict[str, float | bool]:
        """Return what was given, null left out."""
        return {name: value for name, value in self if value is not None}


class GenerationConfig(Body):
    """When to speak."""

    chunk_length_schedule: (
        Annotated[
            list[Annotated[int, Field(ge=SCHEDULE_ITEM_MIN, le=SCHEDULE_ITEM_MAX)]],
            Field(min_length=1, max_length=64),
        ]
        | None
    ) = None


class SocketLocator(Body):
    """Names a version of a pronunciation dictionary."""

    pronunciation_dictionary_id: str = Field(repr=False)
    version_id: str = Field(repr=False)


class SpeechSocketMessage(Body):
    """One message of a client, in any of the spellings that clients use."""

    text: str | None = Field(None, repr=False)
    try_trigger_generation: bool | None = None
    flush: bool | None = None
    voice_settings: SocketVoiceSettings | None = None
    generation_config: GenerationConfig | None = None
    generator_config: GenerationConfig | None = None
    pronunciation_dictionary_locators: Annotated[list[SocketLocator], Field(max_length=3)] | None = None
    context_id: _ContextId | None = None
    context_id_as_camel: _ContextId | None = Field(None, alias="contextId")
    close_context: bool | None = None
    close_socket: bool | None = None
    api_key: str | None = Field(None, alias="xi-api-key", repr=False)
    api_key_as_snake: str | None = Field(None, alias="xi_api_key", repr=False)
    authorization: str | None = Field(None, repr=False)
    single_use_token: str | None = Field(None, repr=False)

    def credential(self) -> Credential | None:
        """Return what the message shows to be let in."""
        key = self.api_key or self.api_key_as_snake
        if key:
            return key_credential(key)
        if self.authorization:
            return credential_from(self.authorization)
        return token_credential(self.single_use_token) if self.single_use_token else None

    def as_flow(self) -> SocketMessage:
        """Return the message as the flows take it."""
        config = self.generation_config or self.generator_config
        schedule = config.chunk_length_schedule if config is not None else None
        return SocketMessage(
            text=TextContent(self.text) if self.text is not None else None,
            tries_generation=bool(self.try_trigger_generation),
            is_flush=bool(self.flush),
            voice_settings=self.voice_settings.given() if self.voice_settings is not None else None,
            schedule=tuple(schedule) if schedule is not None else None,
            context_id=self.context_id or self.context_id_as_camel or "",
            closes_context=bool(self.close_context),
            closes_socket=bool(self.close_socket),
        )
