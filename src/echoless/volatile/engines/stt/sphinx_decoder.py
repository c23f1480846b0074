"""A decoder of pocketsphinx with the English model that its package brings: made, read out and emptied.

Times are the decoder's own frames of 10 ms. An emptied decoder is as a new one: its front end (means, noise levels,
features) is made anew, and an utterance without sound frees the hypothesis and the word lattice of the last one.
"""

from __future__ import annotations

import math
from typing import Final

from pocketsphinx import Decoder

from echoless.core.content import TextContent
from echoless.volatile.engines.stt.sphinx_words import event_name, is_filler, spelled
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, HeardWord, HearingOptions
from echoless.volatile.speech.transcripts import spread

LANGUAGE: Final = "en"
FRAME_S: Final = 0.01
_PATHS_MAX: Final = 10_000
_LOGPROB_MIN: Final = -100.0
_EVENT_OPENER: Final = "("
# The model hears noise in the gaps of clean speech too, and is seldom sure of it.
_EVENT_PROBABILITY_MIN: Final = 0.5


def new_decoder(*, is_live: bool) -> Decoder:
    """Load a decoder: about 90 MB the first time and 40 MB for each further one, a quarter of a second.

    There is no second pass over a whole utterance, and fewer paths are followed at once than by default: neither
    made more of the words of the human test speech right, and together they cost a third of the time.

    is_live: the means of a live decoder follow the sound; else they are those of the whole window
    """
    return Decoder(
        samprate=float(HEARING_RATE_HZ),
        loglevel="FATAL",
        cmn="live" if is_live else "batch",
        fwdflat=False,
        maxhmmpf=_PATHS_MAX,
    )


def words_of(decoder: Decoder, options: HearingOptions, offset_s: float = 0.0) -> list[HeardWord]:
    """Return the words of the utterance that has ended.

    offset_s: added to all times
    """
    if decoder.hyp() is None:
        return []
    words: list[HeardWord] = []
    for segment in decoder.seg():
        text = _text_of(segment.word, options)
        if text and not (text.startswith(_EVENT_OPENER) and segment.prob < _EVENT_PROBABILITY_MIN):
            start_s, end_s = offset_s + segment.start_frame * FRAME_S, offset_s + (segment.end_frame + 1) * FRAME_S
            words.append(_heard(text, start_s, end_s, segment.prob, options))
    return words


def hypothesis_of(decoder: Decoder, options: HearingOptions) -> str:
    """Return the text of the utterance so far."""
    hypothesis = decoder.hyp()
    if hypothesis is None:
        return ""
    texts = (_text_of(word, options) for word in hypothesis.hypstr.split())
    return " ".join(text for text in texts if text)


def empty(decoder: Decoder) -> None:
    """Leave nothing of the last utterance, which must have ended."""
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.end_utt()


def _text_of(word: str, options: HearingOptions) -> str:
    """Return what a transcript says for a word of the decoder; empty for what it leaves out."""
    event = event_name(word)
    if event is not None:
        return event if options.tags_events else ""
    text = spelled(word)
    return "" if options.drops_fillers and is_filler(text) else text


def _heard(text: str, start_s: float, end_s: float, probability: float, options: HearingOptions) -> HeardWord:
    logprob = min(0.0, math.log(probability)) if probability > 0 else _LOGPROB_MIN
    starts, ends = spread(len(text), start_s, end_s) if options.wants_characters else ([], [])
    return HeardWord(TextContent(text), start_s, end_s, logprob, text.startswith(_EVENT_OPENER), starts, ends)
