"""One job of synthesis that is given its text piece by piece: the audio of all pieces is one encoded stream. (4)

While it has no text it waits and costs no step. What an encoder holds back at the end of a phrase is pushed out by
a short silence, so that nobody waits for the last syllable until something else is said.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS, Codec
from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Speak
from echoless.crossing.socket_records import MoreText, SpeakOn, TextSpoken
from echoless.volatile.engines.host.speech_job import Outlet, SpeechJob, SpeechParts
from echoless.volatile.engines.host.voicing import speak_utterance
from echoless.volatile.speech.ports import SpokenAudio, Utterance

WAITING_CHARACTERS_MAX: Final = 100_000
# Measured: what has been spoken is out after this much silence, at every rate of the codec.
_PUSH_MS: Final = {Codec.MP3: 200, Codec.OPUS: 280}
_PUSH_MS_OTHERWISE: Final = 100
# Where markup is not obeyed it is read as text: a sign that opens no tag and means the same stands for it.
_TAG_OPENER: Final = re.compile(r"<(?=[/A-Za-z])")
_NO_OPENER: Final = "\uff1c"


class StreamJob(SpeechJob):
    """A job that takes more text; iterate over `steps()`, and not while `is_waiting`.

    raises: EcholessError(VOICE_NOT_FOUND, INVALID_PARAMETERS) when the job names what does not exist, or a format
            that states its length first
    """

    def __init__(self, job: SpeakOn, parts: SpeechParts, outlet: Outlet) -> None:
        super().__init__(_as_speak(job), parts, outlet)
        if not AUDIO_FORMATS[job.output_format].is_streamable:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "not a streamed format", param="output_format")
        self._parses_markup = job.parses_markup
        self._is_alignment_first = job.is_alignment_first
        self._push_ms = _PUSH_MS.get(AUDIO_FORMATS[job.output_format].codec, _PUSH_MS_OTHERWISE)
        self._texts: deque[MoreText] = deque()
        self._waiting_characters = 0
        self._has_all_text = False
        self._has_sent_now = False
        self.is_waiting = False

    def add(self, more: MoreText) -> None:
        """Take the next text.

        raises: EcholessError(MAX_CHARACTER_LIMIT_EXCEEDED) when more waits than may
        """
        self._waiting_characters += len(more.text)
        if self._waiting_characters > WAITING_CHARACTERS_MAX:
            raise EcholessError(ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED, "too much text waits")
        self._texts.append(more)
        self.is_waiting = False

    def end(self) -> None:
        """Take note that no more text comes."""
        self._has_all_text = True
        self.is_waiting = False

    def steps(self) -> Generator[None, None, None]:
        """Do the job; each `yield` is a good place to turn to another one.

        raises: EcholessError as the engine does
        """
        assert self._format is not None, "checked when the job was made"
        self._encoder = self._parts.new_encoder(self._format, self._rate_hz, None)
        while True:
            if self._texts:
                # In a generator of its own, so that nothing of a text is left here while this one waits.
                yield from self._generate()
            elif self._has_all_text:
                break
            else:
                self.is_waiting = True
                yield
        self._send(self._encoder.finish())
        self._begin(None)

    def close(self) -> None:
        """Release the encoder and what is still held. May be called twice."""
        self._texts.clear()
        super().close()

    def _generate(self) -> Generator[None, None, None]:
        first_sample = self._sample_count
        more = self._texts.popleft()
        self._waiting_characters -= len(more.text)
        self._text = TextContent(more.text)
        self._has_sent_now = False
        planned = self._text if self._parses_markup else TextContent(_TAG_OPENER.sub(_NO_OPENER, more.text))
        yield from self._say_text(more, planned)
        self._text = TextContent("")
        spoken_ms = (self._sample_count - first_sample) * 1000 // self._rate_hz
        self._outlet.post(TextSpoken(spoken_ms))

    def _say_text(self, more: MoreText, planned: TextContent) -> Generator[None, None, None]:
        for utterance in self._parts.plan(planned, self._options):
            yield from self._say(utterance)
        if self._is_pushed(more):
            yield from self._encode(self._silence(self._push_ms), 0)

    def _is_pushed(self, more: MoreText) -> bool:
        """Whether a text has to be out of the encoder before anything follows it."""
        return more.is_phrase_end and not self._texts

    def _say(self, utterance: Utterance) -> Generator[None, None, None]:
        first_sample = self._sample_count
        sent_bytes = 0
        if self._has_no_early_audio(utterance):
            spoken = self._speak(utterance)
        else:
            spoken, sent_bytes = self._speak_until_sent(utterance)
        self._post_alignment(utterance, spoken, first_sample)
        yield
        yield from self._encode(spoken.pcm, sent_bytes)
        if utterance.pause_after_ms:
            yield from self._encode(self._silence(utterance.pause_after_ms), 0)

    def _has_no_early_audio(self, utterance: Utterance) -> bool:
        """Whether an utterance is spoken whole before any of it is encoded; its loudness is changed as a whole."""
        is_late = self._is_alignment_first or self._has_sent_now
        return is_late or bool(utterance.manner.gain_db) or not len(utterance.spoken)

    def _speak_until_sent(self, utterance: Utterance) -> tuple[SpokenAudio, int]:
        """Speak, and encode from the first samples on until something of this text has been sent.

        returns: the whole, and how many bytes of it the encoder has already
        """
        taken_bytes = 0

        def take(piece: AudioContent) -> None:
            nonlocal taken_bytes
            if not self._has_sent_now:
                taken_bytes += len(piece)
                self._feed(piece)

        spoken = speak_utterance(self._parts.engine, utterance, self._speaker, take)
        return spoken, taken_bytes

    def _send(self, audio: AudioContent) -> None:
        self._has_sent_now = self._has_sent_now or len(audio) > 0
        super()._send(audio)


def _as_speak(job: SpeakOn) -> Speak:
    return Speak(
        text="",
        catalogue_id=job.catalogue_id,
        language_code=job.language_code,
        output_format=job.output_format,
        settings=job.settings,
        seed=job.seed,
        normalization=job.normalization,
        wants_alignment=True,
        window_bytes=job.window_bytes,
        rules=job.rules,
        reads_tags=job.reads_tags,
    )
