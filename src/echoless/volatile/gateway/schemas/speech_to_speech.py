"""Form of the voice changer; its query is that of text to speech.

source: the wire contract, voice changer
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body
from echoless.volatile.gateway.schemas.text_to_speech import VoiceSettings


class ConversionForm(Body):
    """Fields beside the recording. `voice_settings` is a text that holds JSON."""

    model_id: str | None = None
    voice_settings: VoiceSettings | None = None
    seed: int | None = Field(None, ge=0, le=4294967295)
    remove_background_noise: bool = False
    file_format: Literal["pcm_s16le_16", "other"] = "other"
