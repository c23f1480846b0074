"""Query and body of text to dialogue.

source: the wire contract, text to dialogue, section 1
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.crossing.dialogue_records import INPUTS_MAX
from echoless.crossing.dictionary_records import LOCATORS_MAX
from echoless.volatile.gateway.schemas.base import Body, Query, Unit
from echoless.volatile.gateway.schemas.text_to_speech import AudioEffects, DictionaryLocator, RequestIds

_ALL: Final = tuple(AUDIO_FORMATS)
_STREAMABLE: Final = tuple(name for name, form in AUDIO_FORMATS.items() if form.is_streamable)
_NeighbourText = Annotated[str, Field(max_length=100)]


class WholeDialogueQuery(Query):
    """Query of the answers whose length may be known first."""

    enable_logging: bool = Field(True, description="`false` asks for zero retention of this request.")
    output_format: Literal[_ALL] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # the table is the enumeration


class StreamedDialogueQuery(WholeDialogueQuery):
    """Query of the streamed answers: no RIFF, which states its sizes first."""

    output_format: Literal[_STREAMABLE] = DEFAULT_AUDIO_FORMAT  # type: ignore[valid-type]  # as above


class DialogueInput(Body):
    """What one voice says."""

    text: str = Field(repr=False, min_length=1, examples=["[whispers] Is anybody there?"])
    voice_id: str = Field(min_length=1, max_length=256, examples=["JBFqnCBsd6RMkjVDRZzb"])


class DialogueSettings(Body):
    """How all voices speak; what is absent comes from each voice's stored settings."""

    stability: Unit | None = None
    similarity: Unit | None = None
    clone_strength: Unit | None = None
    speed: float | None = Field(None, ge=0.25, le=4.0)

    def given(self) -> dict[str, float | bool]:
        """Return what was given as voice settings, null left out."""
        wire_names = {"similarity": "similarity_boost"}
        return {wire_names.get(name, name): value for name, value in self if value is not None}


class DialogueBody(Body):
    """What is said, in turns."""

    inputs: Annotated[list[DialogueInput], Field(min_length=1, max_length=INPUTS_MAX)]
    model_id: str | None = None
    language_code: str | None = None
    settings: DialogueSettings | None = None
    pronunciation_dictionary_locators: Annotated[list[DictionaryLocator], Field(max_length=LOCATORS_MAX)] | None = (
        None
    )
    seed: int | None = Field(None, ge=0, le=4294967295)
    apply_text_normalization: Literal["auto", "on", "off"] | None = None
    previous_text: _NeighbourText | None = None
    future_text: _NeighbourText | None = None
    use_pvc_as_ivc: bool | None = None
    previous_request_ids: RequestIds | None = None
    next_request_ids: RequestIds | None = None
    audio_effects: AudioEffects | None = None
