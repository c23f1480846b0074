"""The job of recognising a recording, told as a story: window by window, channel by channel. (4)

A window is recognised as soon as it is complete and its words are sent at once, so that neither the audio nor the
transcript of a long recording is ever held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import SpeakerNames, Transcribe, TranscriptEnded, TranscriptPart, WordKind
from echoless.crossing.records import Record
from echoless.volatile.speech.hearing_ports import HearingOptions, Recognizer
from echoless.volatile.speech.media_ports import MediaInput, MediaOutlet
from echoless.volatile.speech.transcripts import TranscriptFlow
from echoless.volatile.speech.windows import VoiceActivity, Window, Windows


class Diarizer(Protocol):
    """Tells the speakers of one recording apart."""

    def note(self, window: Window, words: list[tuple[float, float]]) -> None:
        """Take note of a window and of the words in it: start and end in seconds from the recording's start."""
        ...

    def speakers(self, count: int | None, threshold: float | None) -> list[int]:
        """Return who said each of the words noted: 0 for the first one heard."""
        ...


@dataclass(frozen=True, slots=True)
class HearingParts:
    """What every job is made with.

    recognizers:  by the names of orders; empty for the embedded one
    new_activity: makes the detector of one channel
    new_diarizer: makes what tells the speakers of one recording apart; None where nothing does
    """

    recognizers: Mapping[str, Recognizer]
    new_activity: Callable[[], VoiceActivity]
    new_diarizer: Callable[[], Diarizer] | None = None


class _Channel:
    """One channel on its way through the recogniser."""

    def __init__(self, index: int, order: Transcribe, recognizer: Recognizer, activity: VoiceActivity) -> None:
        self.index = index
        self.windows = Windows(activity, recognizer.window_s_max)
        self.flow = TranscriptFlow(wants_characters=order.wants_characters)


class TranscribeJob:
    """A MediaJob for Transcribe orders."""

    def __init__(self, parts: HearingParts) -> None:
        self._parts = parts

    @property
    def wants_retirement(self) -> bool:
        """Whether one of the recognisers asks for it."""
        return any(recognizer.wants_retirement for recognizer in self._parts.recognizers.values())

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> Record:
        """Recognise the whole recording.

        raises: EcholessError(INVALID_PARAMETERS) for a language that is not understood, NOT_AVAILABLE for an engine
                that is not here; as the input does; JobCancelledError
        """
        assert isinstance(order, Transcribe), "the host gives each job its own kind of order"
        recognizer = self._parts.recognizers.get(order.engine_model)
        if recognizer is None:
            raise EcholessError(ErrorCode.NOT_AVAILABLE, "no such recogniser here")
        if order.language_code and order.language_code not in recognizer.languages:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such language here", param="language_code")
        if order.is_diarized and self._parts.new_diarizer is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "speakers are not told apart here", param="diarize")
        return _Recognition(order, recognizer, self._parts, outlet).run(sound)

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> Record:
        """Return the last record of a recognition that failed."""
        return TranscriptEnded(code.value, audio_ms, 0, "", 0.0)


class _Recognition:
    """One order being done."""

    def __init__(self, order: Transcribe, recognizer: Recognizer, parts: HearingParts, outlet: MediaOutlet) -> None:
        self._order = order
        self._recognizer = recognizer
        self._parts = parts
        self._outlet = outlet
        self._options = HearingOptions(
            language=order.language_code,
            keyterms=tuple(TextContent(term) for term in order.keyterms) if recognizer.can_bias else (),
            wants_characters=order.wants_characters,
            drops_fillers=order.drops_fillers,
            tags_events=order.tags_events,
            seed=order.seed,
            temperature=order.temperature,
        )
        self._channels: list[_Channel] = []
        self._diarizer = parts.new_diarizer() if order.is_diarized and parts.new_diarizer else None
        self._is_word: list[bool] = []
        self._language_weights: dict[str, float] = {}
        self._heard_bytes = 0

    def run(self, sound: MediaInput) -> TranscriptEnded:
        """Take the recording to its end."""
        for blocks in self._blocks(sound):
            self._open_channels(len(blocks))
            for channel, block in zip(self._channels, blocks, strict=True):
                self._hear(channel, channel.windows.take(block))
        for channel in self._channels:
            self._hear(channel, channel.windows.finish())
        if self._diarizer is not None:
            self._outlet.post(SpeakerNames(self._speakers(self._diarizer)))
        language, probability = self._language()
        return TranscriptEnded("", sound.audio_ms, max(1, len(self._channels)), language, probability)

    def _blocks(self, sound: MediaInput) -> Iterator[tuple[AudioContent, ...]]:
        if self._order.is_multichannel:
            return sound.channel_blocks()
        return ((block,) for block in sound.blocks())

    def _open_channels(self, count: int) -> None:
        while len(self._channels) < count:
            activity = self._parts.new_activity()
            self._channels.append(_Channel(len(self._channels), self._order, self._recognizer, activity))

    def _hear(self, channel: _Channel, windows: list[Window]) -> None:
        for window in windows:
            heard = self._recognizer.recognise(window.pcm, self._options)
            weight = len(window.pcm) * heard.language_probability
            self._heard_bytes += len(window.pcm)
            self._language_weights[heard.language] = self._language_weights.get(heard.language, 0.0) + weight
            words = channel.flow.add(heard.words, window.start_s)
            if self._diarizer is not None:
                spoken = [word.kind is not WordKind.SPACING for word in words]
                self._is_word += spoken
                self._diarizer.note(window, [(w.start_s, w.end_s) for w, s in zip(words, spoken, strict=True) if s])
            if words:
                self._outlet.post(TranscriptPart(channel.index, words))
            self._outlet.check()

    def _speakers(self, diarizer: Diarizer) -> list[int | None]:
        """Return a speaker for each word sent; a space belongs to the word before it."""
        found = iter(diarizer.speakers(self._order.speaker_count, self._order.diarization_threshold))
        speakers: list[int | None] = []
        for is_word in self._is_word:
            speakers.append(next(found) if is_word else speakers[-1])
        return speakers

    def _language(self) -> tuple[str, float]:
        """Return the language of most of the speech, and how probable it is on the whole."""
        if not self._heard_bytes:
            return self._order.language_code or self._recognizer.languages[0], 1.0
        language = max(self._language_weights, key=lambda code: self._language_weights[code])
        return language, min(1.0, self._language_weights[language] / self._heard_bytes)
