"""One job of synthesis, told as a story of small steps: plan, speak, align, encode, send. (4)

A step is one utterance spoken or at most half a second of audio encoded, so that many jobs share one thread.
What comes out is the same however the steps are interleaved.

`previous_text` and `next_text` are not spoken and do not change how an embedded voice speaks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import AlignmentPart, Normalization, Record, Speak, SpeechBegan, SpeechEnded
from echoless.volatile.engines.host.levelling import louder
from echoless.volatile.engines.host.voicing import Speaker, rules_of, speak_utterance, speaker_of
from echoless.volatile.speech.alignment import align
from echoless.volatile.speech.ports import (
    AudioEncoder,
    EncoderFactory,
    SpokenAudio,
    TextFlow,
    TextOptions,
    TTSEngine,
    Utterance,
)

_SAMPLE_BYTES: Final = 2
_SLICES_PER_SECOND: Final = 2
# The bound of one step of synthesis: about half a minute of speech.
UTTERANCE_CHARACTERS_MAX: Final = 500
# A text that holds nothing to say still becomes a playable file.
_SILENCE_MS_MIN: Final = 100
_KEPT_PCM_BYTES_MAX: Final = 2 * 1024 * 1024


class Outlet(Protocol):
    """Where a job's frames go."""

    def post(self, record: Record) -> None:
        """Send a record after everything before it."""
        ...

    def send_audio(self, audio: AudioContent) -> None:
        """Send encoded audio; the first of it at once."""
        ...


@dataclass(frozen=True, slots=True)
class SpeechParts:
    """What every job of an engine is made with.

    languages: what the engine speaks, ISO 639-1; empty where it speaks every language of the voices
    """

    engine: TTSEngine
    new_encoder: EncoderFactory
    plan: TextFlow
    languages: tuple[str, ...] = ()


def wav_length(parts: SpeechParts, output_format: str, sample_count: int) -> int:
    """Return the bytes of a file in a format that states its length first."""
    audio_format = AUDIO_FORMATS[output_format]
    encoder = parts.new_encoder(audio_format, parts.engine.sample_rate_hz, sample_count)
    header = encoder.encode(AudioContent(b"")).reveal()
    encoder.close()
    return int.from_bytes(header[4:8], "little") + 8


class SpeechJob:
    """A job; iterate over `steps()`. `close` ends it at any time and releases everything.

    raises: EcholessError(VOICE_NOT_FOUND, INVALID_PARAMETERS) when the job names what does not exist
    """

    def __init__(self, speak: Speak, parts: SpeechParts, outlet: Outlet) -> None:
        self._parts = parts
        self._outlet = outlet
        self._rate_hz = parts.engine.sample_rate_hz
        self._format = AUDIO_FORMATS.get(speak.output_format)
        if self._format is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such output format", param="output_format")
        self._text = TextContent(speak.text)
        self._speaker: Speaker = speaker_of(
            speak.catalogue_id, speak.language_code, speak.settings, speak.seed, parts.languages
        )
        self._voice, self._delivery = self._speaker.voice, self._speaker.delivery
        self._options = TextOptions(
            language=self._speaker.language,
            spells_out=speak.normalization is not Normalization.OFF,
            chars_max=UTTERANCE_CHARACTERS_MAX,
            rules=rules_of(speak.rules),
            reads_tags=speak.reads_tags,
        )
        self._wants_alignment = speak.wants_alignment
        self._measured: deque[SpokenAudio] = deque()
        self._encoder: AudioEncoder | None = None
        self._has_begun = False
        self._sample_count = 0
        self._audio_bytes = 0

    def steps(self) -> Generator[None, None, None]:
        """Do the job; each `yield` is a good place to turn to another one.

        raises: EcholessError as the engine does; nothing has been sent yet if it fails in the first utterance
        """
        assert self._format is not None, "checked when the job was made"
        expected = None
        if not self._format.is_streamable:
            expected = yield from self._measure()
        self._encoder = self._parts.new_encoder(self._format, self._rate_hz, expected)
        if expected is not None:
            self._begin(wav_length(self._parts, self._format.name, expected))
        yield from self._say_all()
        if not self._sample_count:
            yield from self._encode(self._silence(_SILENCE_MS_MIN), 0)
        self._send(self._encoder.finish())
        self._begin(None)

    def ending(self) -> SpeechEnded:
        """Return the last record of a job that went well."""
        return SpeechEnded("", self._sample_count * 1000 // self._rate_hz, self._audio_bytes)

    def close(self) -> None:
        """Release the encoder and what is still held. May be called twice."""
        self._measured.clear()
        self._text = TextContent("")
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()

    # --- one utterance ---

    def _say_all(self) -> Generator[None, None, None]:
        for utterance in self._parts.plan(self._text, self._options):
            yield from self._say(utterance)

    def _say(self, utterance: Utterance) -> Generator[None, None, None]:
        first_sample = self._sample_count
        sent_bytes = 0
        if self._measured:
            spoken = self._measured.popleft()
        elif self._has_begun or self._wants_alignment or utterance.manner.gain_db or not len(utterance.spoken):
            spoken = self._speak(utterance)
        else:
            spoken, sent_bytes = self._speak_with_early_audio(utterance)
        if self._wants_alignment:
            self._post_alignment(utterance, spoken, first_sample)
        yield
        yield from self._encode(spoken.pcm, sent_bytes)
        if utterance.pause_after_ms:
            yield from self._encode(self._silence(utterance.pause_after_ms), 0)

    def _speak(self, utterance: Utterance) -> SpokenAudio:
        return louder(speak_utterance(self._parts.engine, utterance, self._speaker), utterance.manner.gain_db)

    def _speak_with_early_audio(self, utterance: Utterance) -> tuple[SpokenAudio, int]:
        """Speak, and encode and send from the first samples on until something has been sent.

        returns: the whole, and how many bytes of it the encoder has already
        """
        taken_bytes = 0

        def take(piece: AudioContent) -> None:
            nonlocal taken_bytes
            if not self._has_begun:
                taken_bytes += len(piece)
                self._feed(piece)

        spoken = speak_utterance(self._parts.engine, utterance, self._speaker, take)
        return spoken, taken_bytes

    def _encode(self, pcm: AudioContent, start: int) -> Generator[None, None, None]:
        """Encode samples from a byte offset on, in slices."""
        data = pcm.reveal()
        slice_bytes = self._rate_hz // _SLICES_PER_SECOND * _SAMPLE_BYTES
        for at in range(start, len(data), slice_bytes):
            self._feed(AudioContent(data[at : at + slice_bytes]))
            yield

    def _feed(self, pcm: AudioContent) -> None:
        assert self._encoder is not None, "a closed job makes no step"
        self._sample_count += len(pcm) // _SAMPLE_BYTES
        self._send(self._encoder.encode(pcm))

    def _send(self, audio: AudioContent) -> None:
        if len(audio):
            self._begin(None)
            self._audio_bytes += len(audio)
            self._outlet.send_audio(audio)

    def _begin(self, audio_bytes: int | None) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._outlet.post(SpeechBegan(audio_bytes))

    def _post_alignment(self, utterance: Utterance, spoken: SpokenAudio, first_sample: int) -> None:
        assert self._encoder is not None, "a closed job makes no step"
        times = align(
            self._text,
            utterance,
            spoken.marks,
            sample_count=spoken.sample_count,
            sample_rate_hz=self._rate_hz,
            start_sample=first_sample,
            delay_s=self._encoder.delay_s,
        )
        source, normalized = times.source, times.spoken
        self._begin(None)
        self._outlet.post(
            AlignmentPart(
                list(source.characters), list(source.start_s), list(source.end_s),
                list(normalized.characters), list(normalized.start_s), list(normalized.end_s),
            )
        )  # fmt: skip

    # --- lengths stated first ---

    def _measure(self) -> Generator[None, None, int]:
        """Speak the whole text once to count its samples. Short texts are kept, long ones are spoken again."""
        count = kept_bytes = 0
        for utterance in self._parts.plan(self._text, self._options):
            spoken = self._speak(utterance)
            count += spoken.sample_count + self._pause_samples(utterance.pause_after_ms)
            kept_bytes += len(spoken.pcm)
            if kept_bytes <= _KEPT_PCM_BYTES_MAX:
                self._measured.append(spoken)
            yield
        return count or self._pause_samples(_SILENCE_MS_MIN)

    def _pause_samples(self, pause_ms: int) -> int:
        return self._rate_hz * pause_ms // 1000

    def _silence(self, pause_ms: int) -> AudioContent:
        return AudioContent(bytes(self._pause_samples(pause_ms) * _SAMPLE_BYTES))
