"""A decoder is read out by the options of a recording, and empty after it."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.stt.sphinx_decoder import empty, hypothesis_of, new_decoder, words_of
from echoless.volatile.speech.hearing_ports import HearingOptions

pytestmark = pytest.mark.unit


class Said:
    """A decoder that has heard certain words."""

    def __init__(self, *words: tuple[str, float]) -> None:
        self._words = words

    def hyp(self) -> object:
        return (
            type("Hypothesis", (), {"hypstr": " ".join(word for word, _ in self._words)}) if self._words else None
        )

    def seg(self) -> list[object]:
        return [
            type("Segment", (), {"word": word, "prob": prob, "start_frame": 10 * at, "end_frame": 10 * at + 9})
            for at, (word, prob) in enumerate(self._words)
        ]


SAID = Said(("<s>", 1.0), ("um", 0.5), ("was(2)", 0.25), ("[NOISE]", 0.4), ("[NOISE]", 0.9), ("i", 0.0))


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        (HearingOptions(), ["um", "was", "(noise)", "I"]),
        (HearingOptions(tags_events=False), ["um", "was", "I"]),
        (HearingOptions(drops_fillers=True, tags_events=False), ["was", "I"]),
    ],
)
def test_options_say_what_is_told(options: HearingOptions, texts: list[str]) -> None:
    assert [word.text.reveal() for word in words_of(SAID, options)] == texts


def test_times_are_frames_and_confidence_is_a_logarithm() -> None:
    words = words_of(SAID, HearingOptions(), offset_s=2.0)
    assert (words[0].start_s, words[0].end_s) == (pytest.approx(2.1), pytest.approx(2.2))
    assert [round(word.logprob, 2) for word in words] == [-0.69, -1.39, -0.11, -100.0]
    assert [word.is_event for word in words] == [False, False, True, False]


def test_nothing_heard_is_no_word() -> None:
    assert words_of(Said(), HearingOptions()) == []
    assert hypothesis_of(Said(), HearingOptions()) == ""


def test_a_hypothesis_follows_the_options() -> None:
    assert hypothesis_of(SAID, HearingOptions(drops_fillers=True, tags_events=False)) == "was I"


@pytest.mark.parametrize("is_live", [True, False])
def test_an_empty_decoder_has_no_hypothesis(is_live: bool, speech: AudioContent) -> None:
    decoder = new_decoder(is_live=is_live)
    decoder.start_utt()
    decoder.process_raw(speech.reveal(), no_search=False, full_utt=not is_live)
    decoder.end_utt()
    assert words_of(decoder, HearingOptions())
    empty(decoder)
    assert decoder.hyp() is None
    assert words_of(decoder, HearingOptions()) == []
