"""Ports between the pure flows of speech and what surrounds them.

Times inside the engine plane are counted in samples of the engine's own rate; seconds appear at the wire only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent, TextContent
from echoless.volatile.speech.pronunciation import PronunciationRule


@dataclass(frozen=True, slots=True)
class EngineVoice:
    """What an engine needs to speak as one voice.

    engine_name:  the engine's own name of it, for espeak-ng for example `en-us+f3`
    language:     ISO 639-1
    ordinal:      its place among the premade voices; an engine with speakers of its own chooses one by it
    """

    engine_name: str
    language: str
    pitch: int
    pitch_range: int
    words_per_minute: int
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one job wants to be spoken, in the engine's terms.

    speed: 1.0 is the voice's usual speed
    seed:  None, or 0 to 4294967295
    pitch_steps, range_factor: as in Manner
    """

    speed: float = 1.0
    stability: float = 0.5
    style: float = 0.0
    seed: int | None = None
    pitch_steps: int = 0
    range_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a passage is spoken, beside the job's own delivery.

    speed:        factor of the pace
    pitch_steps:  added to the voice's pitch, of which 0 to 99 are possible
    range_factor: factor of how much the pitch moves
    gain_db:      loudness
    """

    speed: float = 1.0
    pitch_steps: int = 0
    range_factor: float = 1.0
    gain_db: float = 0.0
    is_whispered: bool = False

    def joined(self, other: Manner) -> Manner:
        """Return both at once."""
        return Manner(
            self.speed * other.speed,
            self.pitch_steps + other.pitch_steps,
            self.range_factor * other.range_factor,
            self.gain_db + other.gain_db,
            self.is_whispered or other.is_whispered,
        )


PLAIN_MANNER: Final = Manner()


@dataclass(frozen=True, slots=True)
class PhonemeSpan:
    """Characters of a spoken text that are said by phonemes instead of by their spelling.

    spoken_start, spoken_end: indices in `Utterance.spoken`
    alphabet:                 `ipa` or `cmu-arpabet`
    """

    spoken_start: int
    spoken_end: int
    phonemes: TextContent
    alphabet: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """A clause or sentence that the engine speaks in one go. It prints as sizes.

    source_start, source_end: which characters of the submitted text it covers; utterances cover the text without
                              gaps or overlaps, in order
    spoken:                   the text for the engine, numbers and the like spelled out
    source_of:                for each character of `spoken`, the index in the submitted text that it came from;
                              non-decreasing, len(source_of) == len(spoken)
    pause_after_ms:           silence that follows, from breaks
    manner:                   how this passage is spoken
    phoneme_spans:            in order, without overlaps; an engine that reads no phonemes reads the spelling
    """

    source_start: int
    source_end: int
    spoken: TextContent
    source_of: tuple[int, ...] = field(repr=False)
    pause_after_ms: int = 0
    manner: Manner = PLAIN_MANNER
    phoneme_spans: tuple[PhonemeSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class WordMark:
    """Where a word begins.

    spoken_start:  index of its first character in `Utterance.spoken`
    spoken_length: characters
    start_sample:  at the engine's rate, from the start of the utterance
    """

    spoken_start: int
    spoken_length: int
    start_sample: int


@dataclass(frozen=True, slots=True)
class SpokenAudio:
    """What came of one utterance.

    pcm:   mono signed 16-bit samples at the engine's rate
    marks: word starts, in order
    """

    pcm: AudioContent
    marks: tuple[WordMark, ...]

    @property
    def sample_count(self) -> int:
        """Samples in `pcm`."""
        return len(self.pcm) // 2


class TTSEngine(Protocol):
    """Speaks utterances; one job at a time is between `speak` and its return."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the samples it makes."""
        ...

    @property
    def wants_retirement(self) -> bool:
        """Whether its process should be replaced when it is idle: a bound of growth or use is reached."""
        ...

    def speak(
        self,
        utterance: Utterance,
        voice: EngineVoice,
        delivery: Delivery,
        on_samples: Callable[[AudioContent], None] | None = None,
    ) -> SpokenAudio:
        """Speak one utterance and leave nothing of it in the engine.

        on_samples: is given each piece of samples as it is made, before the whole is returned
        raises:     EcholessError(ENGINE_UNAVAILABLE) when the engine fails; what `on_samples` raises
        """
        ...


class AudioEncoder(Protocol):
    """Turns linear PCM of one rate into one output format, piece by piece. One object per job."""

    @property
    def delay_s(self) -> float:
        """How much later than its place in the input a decoder of the format plays each sample, in seconds."""
        ...

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return the bytes that are ready; may be empty."""
        ...

    def finish(self) -> AudioContent:
        """Return the last bytes and release everything."""
        ...

    def close(self) -> None:
        """Release everything without finishing; may be called twice."""
        ...


class EncoderFactory(Protocol):
    """Makes encoders."""

    def __call__(
        self, audio_format: AudioFormat, input_rate_hz: int, input_sample_count: int | None = None
    ) -> AudioEncoder:
        """Return a new encoder from `input_rate_hz` to the format's own rate.

        input_sample_count: how many samples will come; needed where a format states its length first
        """
        ...


@dataclass(frozen=True, slots=True)
class CharacterTimes:
    """Times of characters, seconds from the start of the stream; three sequences of one length."""

    characters: Sequence[str] = field(repr=False)
    start_s: Sequence[float] = field(repr=False)
    end_s: Sequence[float] = field(repr=False)


class TextFlow(Protocol):
    """Cuts and spells out a text, lazily: the first utterance is ready before the last is looked at."""

    def __call__(self, text: TextContent, options: TextOptions) -> Iterator[Utterance]:
        """Yield the utterances of a text in order."""
        ...


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How a text is prepared.

    language:        ISO 639-1
    spells_out:      whether numbers, dates, units and the like become words
    first_chars_max: soft length of the first utterance, so that the first audio comes early
    chars_max:       hard length of any utterance, before rules of pronunciation put in what they say
    rules:           of pronunciation, the first that fits a place wins
    reads_tags:      whether audio tags in brackets shape the delivery instead of being read
    """

    language: str
    spells_out: bool = True
    first_chars_max: int = 200
    chars_max: int = 1000
    rules: Sequence[PronunciationRule] = field(default=(), repr=False)
    reads_tags: bool = False
