"""Query and messages of the sockets of dialogue.

source: the wire contract, text to dialogue, sections 2.1 and 2.2
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.core.content import TextContent
from echoless.crossing.dialogue_records import INPUTS_MAX
from echoless.crossing.dictionary_records import LOCATORS_MAX
from echoless.volatile.gateway.schemas.base import Body, Query, Unit
from echoless.volatile.gateway.schemas.text_to_speech_sockets import SocketLocator
from echoless.volatile.gateway.socket_credentials import (
    Credential,
    credential_from,
    key_credential,
    token_credential,
)
from echoless.volatile.speech.dialogue_flow import DialogueLine, DialogueMessage

_STREAMABLE: Final = tuple(name for name, form in AUDIO_FORMATS.items() if form.is_streamable)
_VOICES_MAX: Final = 64
_VoiceId = Annotated[str, Field(min_length=1, max_length=256)]


class DialogueSocketQuery(Query):
    """Query of a socket of dialogue."""

    model_id: str | None = None
    language_code: str | None = None
    enable_logging: bool = Field(True, description="`false` asks for zero retention of the whole socket.")
    output_format: Literal[_STREAMABLE] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # the table is the enumeration
    sync_alignment: bool = False
    apply_text_normalization: Literal["on", "off"] | None = None
    seed: int | None = Field(None, ge=0, le=4294967295)


class DialogueSocketSettings(Body):
    """How all voices speak; what is absent comes from each voice's stored settings."""

    stability: Unit | None = None
    clone_strength: Unit | None = None

    def given(self) -> dict[str, float | bool]:
        """Return what was given, null left out."""
        return {name: value for name, value in self if value is not None}


class DialogueSocketInput(Body):
    """What one voice says next."""

    text: str = Field(repr=False)
    voice_id: str = Field(min_length=1, max_length=256)
    new_turn: bool | None = None


class DialogueSocketMessage(Body):
    """One message of a client."""

    voices: Annotated[list[_VoiceId], Field(max_length=_VOICES_MAX)] | None = None
    voice_settings: DialogueSocketSettings | None = None
    pronunciation_dictionary_locators: Annotated[list[SocketLocator], Field(max_length=LOCATORS_MAX)] | None = None
    inputs: Annotated[list[DialogueSocketInput], Field(max_length=INPUTS_MAX)] | None = None
    flush: bool | None = None
    keep_alive: bool | None = None
    close_socket: bool | None = None
    close_context: bool | None = None
    context_id: str | None = Field(None, max_length=256)
    api_key: str | None = Field(None, alias="xi_api_key", repr=False)
    api_key_with_hyphens: str | None = Field(None, alias="xi-api-key", repr=False)
    authorization: str | None = Field(None, repr=False)
    single_use_token: str | None = Field(None, repr=False)

    def credential(self) -> Credential | None:
        """Return what the message shows to be let in."""
        key = self.api_key or self.api_key_with_hyphens
        if key:
            return key_credential(key)
        if self.authorization:
            return credential_from(self.authorization)
        return token_credential(self.single_use_token) if self.single_use_token else None

    def as_flow(self) -> DialogueMessage:
        """Return the message as the flow takes it."""
        return DialogueMessage(
            voices=tuple(self.voices) if self.voices is not None else None,
            voice_settings=self.voice_settings.given() if self.voice_settings is not None else None,
            sets_rules=bool(self.pronunciation_dictionary_locators),
            lines=tuple(
                DialogueLine(TextContent(said.text), said.voice_id, bool(said.new_turn))
                for said in self.inputs or ()
            ),
            is_flush=bool(self.flush),
            keeps_alive=bool(self.keep_alive),
            closes_context=bool(self.close_context),
            closes_socket=bool(self.close_socket),
            context_id=self.context_id or "",
        )
