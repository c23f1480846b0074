"""Recognition by pocketsphinx in this process, with the English model that its package brings.

A window is decoded as one utterance. Afterwards the decoder's front end is made anew: its means and noise levels do
not go from window to window, so the same samples always give the same words. What it keeps of a window is
overwritten or freed before `recognise` returns.

Of the options it honours `drops_fillers`, `tags_events` and `wants_characters` (the letters of a word share its
time evenly). It has nothing that a term, a seed or a temperature could change.
"""

from __future__ import annotations

import math
from typing import Final

from pocketsphinx import Decoder

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.sphinx_words import event_name, is_filler, spelled
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions
from echoless.volatile.speech.transcripts import spread

LANGUAGE: Final = "en"
_WINDOW_S_MAX: Final = 30.0
_FRAME_S: Final = 0.01
# A tenth of a second: the decoder cannot make a word of less, and fails where there is not one frame.
_PCM_BYTES_MIN: Final = HEARING_RATE_HZ // 10 * 2
_LOGPROB_MIN: Final = -100.0
_EVENT_OPENER: Final = "("
# The model hears noise in the gaps of clean speech too, and is seldom sure of it.
_EVENT_PROBABILITY_MIN: Final = 0.5


class SphinxRecognizer:
    """A Recognizer. It holds about 90 MB and takes a quarter of a second to load."""

    def __init__(self) -> None:
        self._decoder = Decoder(samprate=float(HEARING_RATE_HZ), loglevel="FATAL", cmn="batch")

    @property
    def languages(self) -> tuple[str, ...]:
        """English."""
        return (LANGUAGE,)

    @property
    def window_s_max(self) -> float:
        """Half a minute."""
        return _WINDOW_S_MAX

    @property
    def can_bias(self) -> bool:
        """No: words that it does not know could be added, but nothing makes it prefer them."""
        return False

    @property
    def wants_retirement(self) -> bool:
        """Never."""
        return False

    def recognise(self, pcm: AudioContent, options: HearingOptions) -> Heard:
        """Recognise one window and leave nothing of it in the decoder.

        raises: EcholessError(INVALID_PARAMETERS) for another language, ENGINE_UNAVAILABLE when the decoder fails
        """
        if options.language not in ("", LANGUAGE):
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such language here", param="language_code")
        if len(pcm) < _PCM_BYTES_MIN:
            return Heard((), LANGUAGE)
        try:
            words = self._decode(pcm, options)
        except RuntimeError:
            pass
        else:
            self._forget()
            return Heard(words, LANGUAGE)
        # An utterance may be open still: everything is made anew.
        self._decoder.reinit()
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the recogniser failed")

    def _decode(self, pcm: AudioContent, options: HearingOptions) -> list[HeardWord]:
        decoder = self._decoder
        decoder.start_utt()
        decoder.process_raw(pcm.reveal(), no_search=False, full_utt=True)
        decoder.end_utt()
        if decoder.hyp() is None:
            return []
        words: list[HeardWord] = []
        for segment in decoder.seg():
            text = _text_of(segment.word, options)
            if text and not (text.startswith(_EVENT_OPENER) and segment.prob < _EVENT_PROBABILITY_MIN):
                words.append(_heard(text, segment.start_frame, segment.end_frame, segment.prob, options))
        return words

    def _forget(self) -> None:
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.end_utt()


def _text_of(word: str, options: HearingOptions) -> str:
    """Return what a transcript says for a word of the decoder; empty for what it leaves out."""
    event = event_name(word)
    if event is not None:
        return event if options.tags_events else ""
    text = spelled(word)
    return "" if options.drops_fillers and is_filler(text) else text


def _heard(text: str, first_frame: int, last_frame: int, probability: float, options: HearingOptions) -> HeardWord:
    start_s, end_s = first_frame * _FRAME_S, (last_frame + 1) * _FRAME_S
    logprob = min(0.0, math.log(probability)) if probability > 0 else _LOGPROB_MIN
    starts, ends = spread(len(text), start_s, end_s) if options.wants_characters else ([], [])
    return HeardWord(TextContent(text), start_s, end_s, logprob, text.startswith(_EVENT_OPENER), starts, ends)
