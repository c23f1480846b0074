"""Bodies of the two routes that speak OpenAI's dialect: a text to be said, a recording to be written down.

source: OpenAI's API reference, audio: create speech, create transcription
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body, Query

_STORE: Final = "`false` is refused: zero retention is asked for by the query parameter enable_logging."


class AudioQuery(Query):
    """Query of both."""

    enable_logging: bool = Field(True, description="`false` asks for zero retention of this request.")
    store: bool | None = Field(None, description=_STORE)


class CustomVoice(Body):
    """A voice by its id."""

    id: Annotated[str, Field(min_length=1, max_length=256)]


class AudioSpeechBody(Body):
    """What is to be said."""

    input: str = Field(repr=False, min_length=1, examples=["The quick brown fox jumps over the lazy dog."])
    model: str = Field("tts-1", max_length=256)
    voice: Annotated[str, Field(min_length=1, max_length=256)] | CustomVoice
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0)
    instructions: str | None = Field(None, repr=False)
    store: bool | None = Field(None, description=_STORE)
    stream_format: Literal["audio", "sse"] = "audio"


class AudioTranscriptionForm(Body):
    """Fields beside the recording."""

    model: str = Field(max_length=256)
    language: str | None = Field(None, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}$")
    prompt: str | None = Field(None, repr=False)
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"] = "json"
    temperature: float = Field(0.0, ge=0, le=1)
    store: bool | None = Field(None, description=_STORE)
    timestamp_granularities: list[Literal["word", "segment"]] | None = None
    stream: bool = False
