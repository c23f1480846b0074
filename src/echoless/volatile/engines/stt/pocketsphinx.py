"""Recognition of whole windows by pocketsphinx in this process.

A window is decoded as one utterance and the decoder is emptied after it, so the same samples always give the same
words, and nothing of a window is left before `recognise` returns.

Of the options it honours `drops_fillers`, `tags_events` and `wants_characters` (the letters of a word share its
time evenly). It has nothing that a term, a seed or a temperature could change.
"""

from __future__ import annotations

from typing import Final

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.sphinx_decoder import LANGUAGE, empty, new_decoder, words_of
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions

_WINDOW_S_MAX: Final = 30.0
# A tenth of a second: the decoder cannot make a word of less, and fails where there is not one frame.
_PCM_BYTES_MIN: Final = HEARING_RATE_HZ // 10 * 2


class SphinxRecognizer:
    """A Recognizer."""

    def __init__(self) -> None:
        self._decoder = new_decoder(is_live=False)

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
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.reveal(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        return words_of(self._decoder, options)

    def _forget(self) -> None:
        empty(self._decoder)
