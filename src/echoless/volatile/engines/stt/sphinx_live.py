"""Live recognition by pocketsphinx in this process: one decoder for each session, used again when it is empty.

A decoder's means follow one session's sound from segment to segment; between two sessions it is emptied, so no
session hears a trace of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pocketsphinx import Decoder

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.sphinx_decoder import LANGUAGE, empty, hypothesis_of, new_decoder, words_of
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions

SESSIONS_MAX: Final = 16
_IDLE_MAX: Final = 4
_IDLE_AT_REST: Final = 2
_SAMPLE_BYTES: Final = 2
# The decoder fails where an utterance has not one frame.
_SAMPLES_MIN: Final = HEARING_RATE_HZ // 10


class SphinxLiveRecognizer:
    """A LiveRecognizer.

    sessions_max: how many may be open at once
    idle_count:   how many decoders are loaded before anybody asks
    size_bytes:   how large this process is
    """

    def __init__(
        self,
        *,
        sessions_max: int = SESSIONS_MAX,
        idle_count: int = 2,
        size_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self._sessions_max = sessions_max
        self._size_bytes = size_bytes
        self._open_count = 0
        self._idle = [new_decoder(is_live=True) for _ in range(idle_count)]
        self._loaded_max = idle_count
        self._added_bytes = 0

    @property
    def languages(self) -> tuple[str, ...]:
        """English."""
        return (LANGUAGE,)

    @property
    def added_bytes(self) -> int:
        """By how much decoders have made this process larger since its start, as measured when they were loaded.

        Only a decoder beyond the most that there were at once counts: the others take the memory of those that were
        unloaded, and whatever they take besides is growth like any other.
        """
        return self._added_bytes

    def open(self, options: HearingOptions) -> SphinxLiveSession:
        """Begin a session; one whose decoder is not loaded yet waits for a quarter of a second.

        raises: EcholessError(INVALID_PARAMETERS) for another language, CONCURRENT_LIMIT_EXCEEDED, and
                ENGINE_UNAVAILABLE when no decoder can be loaded
        """
        if options.language not in ("", LANGUAGE):
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such language here", param="language_code")
        if self._open_count >= self._sessions_max:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "too many live sessions")
        decoder = self._idle.pop() if self._idle else self._loaded()
        if decoder is None:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "no recogniser can be loaded")
        self._open_count += 1
        return SphinxLiveSession(decoder, options, self)

    def prepare(self) -> bool:
        """Load a decoder for the next session where none is idle; False when there is nothing to do.

        One that cannot be loaded, for example for want of memory, costs the session that needs it and no other.
        """
        if self._idle or self._open_count >= self._sessions_max:
            return False
        decoder = self._loaded()
        if decoder is None:
            return False
        self._idle.append(decoder)
        return True

    def trim(self) -> None:
        """Unload idle decoders but two: nobody is here."""
        del self._idle[_IDLE_AT_REST:]

    def take_back(self, decoder: Decoder | None) -> None:
        """Take the emptied decoder of a session that has ended; None where it failed."""
        self._open_count -= 1
        if decoder is not None and len(self._idle) < _IDLE_MAX:
            self._idle.append(decoder)

    def _loaded(self) -> Decoder | None:
        """Load a decoder and measure it; None where it cannot be loaded."""
        before_bytes = self._size_bytes()
        try:
            decoder = new_decoder(is_live=True)
        except RuntimeError:
            return None
        loaded_count = self._open_count + len(self._idle) + 1
        if loaded_count > self._loaded_max:
            self._loaded_max = loaded_count
            self._added_bytes += max(0, self._size_bytes() - before_bytes)
        return decoder


class SphinxLiveSession:
    """A LiveSession."""

    def __init__(self, decoder: Decoder, options: HearingOptions, owner: SphinxLiveRecognizer) -> None:
        self._decoder: Decoder | None = decoder
        self._options = options
        self._owner = owner
        self._is_open = False
        self._start_sample = 0
        self._sample_count = 0
        self._hypothesis = ""

    def hear(self, pcm: AudioContent) -> TextContent | None:
        """Take the next samples; return the new hypothesis of the open segment where it changed.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the decoder fails
        """
        if len(pcm) < _SAMPLE_BYTES:
            return None
        try:
            hypothesis: str | None = self._decode(pcm)
        except RuntimeError:
            hypothesis = None
        if hypothesis is None:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the recogniser failed")
        if hypothesis == self._hypothesis:
            return None
        self._hypothesis = hypothesis
        return TextContent(hypothesis)

    def commit(self) -> Heard:
        """Close the open segment and begin the next; times from the start of the session.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the decoder fails
        """
        try:
            words: list[HeardWord] | None = self._finish()
        except RuntimeError:
            words = None
        if words is None:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the recogniser failed")
        return Heard(words, LANGUAGE)

    def close(self) -> None:
        """Empty the decoder and give it back. May be called twice."""
        decoder, self._decoder = self._decoder, None
        self._hypothesis = ""
        if decoder is None:
            return
        try:
            if self._is_open:
                decoder.end_utt()
            empty(decoder)
            is_sound = True
        except RuntimeError:
            is_sound = False
        self._owner.take_back(decoder if is_sound else None)

    def _decode(self, pcm: AudioContent) -> str:
        assert self._decoder is not None, "a closed session hears nothing"
        if not self._is_open:
            self._decoder.start_utt()
            self._is_open = True
            self._start_sample = self._sample_count
        self._sample_count += len(pcm) // _SAMPLE_BYTES
        self._decoder.process_raw(pcm.reveal(), no_search=False, full_utt=False)
        return hypothesis_of(self._decoder, self._options)

    def _finish(self) -> list[HeardWord]:
        assert self._decoder is not None, "a closed session commits nothing"
        self._hypothesis = ""
        if not self._is_open:
            return []
        missing = _SAMPLES_MIN - (self._sample_count - self._start_sample)
        if missing > 0:
            self._decoder.process_raw(bytes(missing * _SAMPLE_BYTES), no_search=False, full_utt=False)
        self._decoder.end_utt()
        self._is_open = False
        words = words_of(self._decoder, self._options, self._start_sample / HEARING_RATE_HZ)
        # The session may rest now for as long as it likes: its hypothesis and its lattice do not.
        self._decoder.start_utt()
        self._decoder.end_utt()
        return words
