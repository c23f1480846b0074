"""Ports between the flows that hear and the engines behind them: recognition, live recognition, conversion.

All audio here is mono, signed 16 bits, at `HEARING_RATE_HZ`; what a client sent is decoded before.
Times are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from echoless.core.content import AudioContent, TextContent

HEARING_RATE_HZ: Final = 16_000


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word, or an event such as laughter, as an engine heard it; times from the start of its window.

    logprob:  natural logarithm of the confidence, 0 or below
    character_start_s, character_end_s: as many as the text has characters where they were asked for, else empty
    """

    text: TextContent
    start_s: float
    end_s: float
    logprob: float
    is_event: bool = False
    character_start_s: Sequence[float] = field(default=(), repr=False)
    character_end_s: Sequence[float] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in one window.

    language:             ISO 639-1
    language_probability: 0 to 1; 1 for an engine that knows one language only
    """

    words: Sequence[HeardWord]
    language: str
    language_probability: float = 1.0


@dataclass(frozen=True, slots=True)
class HearingOptions:
    """How a recording is to be heard.

    language:      ISO 639-1, or empty for whatever is found
    keyterms:      words that are likely; an engine that cannot bias does not take them
    drops_fillers: whether hesitations are left out
    tags_events:   whether sounds that are no speech become words of their own
    """

    language: str = ""
    keyterms: Sequence[TextContent] = ()
    wants_characters: bool = False
    drops_fillers: bool = False
    tags_events: bool = True
    seed: int | None = None
    temperature: float = 0.0


class Recognizer(Protocol):
    """Recognises windows of speech, one after another."""

    @property
    def languages(self) -> tuple[str, ...]:
        """What it understands, ISO 639-1."""
        ...

    @property
    def window_s_max(self) -> float:
        """The longest window that it takes."""
        ...

    @property
    def can_bias(self) -> bool:
        """Whether terms make a difference."""
        ...

    @property
    def wants_retirement(self) -> bool:
        """Whether its process should be replaced when it is idle."""
        ...

    def recognise(self, pcm: AudioContent, options: HearingOptions) -> Heard:
        """Recognise one window and leave nothing of it in the engine.

        raises: EcholessError(INVALID_PARAMETERS) for a language it does not know, ENGINE_UNAVAILABLE
        """
        ...


class LiveSession(Protocol):
    """One stream of speech that is recognised while it comes."""

    def hear(self, pcm: AudioContent) -> TextContent | None:
        """Take the next samples; return the new hypothesis of the open segment where it changed."""
        ...

    def commit(self) -> Heard:
        """Close the open segment and begin the next; times from the start of the session."""
        ...

    def close(self) -> None:
        """Release everything and leave nothing. May be called twice."""
        ...


class LiveRecognizer(Protocol):
    """Recognises many streams at once, each in a session of its own."""

    @property
    def languages(self) -> tuple[str, ...]:
        """What it understands, ISO 639-1."""
        ...

    def open(self, options: HearingOptions) -> LiveSession:
        """Begin a session.

        raises: EcholessError(INVALID_PARAMETERS) for a language it does not know, CONCURRENT_LIMIT_EXCEEDED,
                ENGINE_UNAVAILABLE
        """
        ...


class Conversion(Protocol):
    """One recording on its way to another voice, window by window; its length does not change."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the samples in and out, mono, signed 16 bits."""
        ...

    def convert(self, pcm: AudioContent) -> AudioContent:
        """Take the next samples and return those that are ready; may be empty."""
        ...

    def finish(self) -> AudioContent:
        """Return the last samples and release everything."""
        ...

    def close(self) -> None:
        """Release everything without finishing; may be called twice."""
        ...
