"""Times of characters: word starts are the engine's own, the rest lies between them in order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.speech.alignment import UtteranceAlignment, align
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.ports import CharacterTimes, TextOptions, Utterance, WordMark
from echoless.volatile.speech.pronunciation import PronunciationRule

pytestmark = pytest.mark.unit
_RULES = (PronunciationRule("UNO", "United Nations"), PronunciationRule("a", "alphabetical"))

_RATE_HZ = 22_050


def _plan(text: str, **options: object) -> list[Utterance]:
    return list(TextPlanner({})(TextContent(text), TextOptions("en", **options)))  # type: ignore[arg-type]  # test


def _align(text: str, marks: list[WordMark], sample_count: int, **options: object) -> UtteranceAlignment:
    (utterance,) = _plan(text, **options)
    return align(
        TextContent(text),
        utterance,
        marks,
        sample_count=sample_count,
        sample_rate_hz=_RATE_HZ,
        start_sample=0,
        delay_s=0.0,
    )


def _samples(times: CharacterTimes) -> list[int]:
    return [round(start * _RATE_HZ) for start in times.start_s]


# An engine that lingers: the words are as long as nobody would guess from their letters.
_TEXT = "I am, however, late."
_UNEVEN = [WordMark(0, 1, 500), WordMark(2, 2, 20_000), WordMark(6, 7, 21_000), WordMark(15, 4, 60_000)]
_UNEVEN_SAMPLES = 66_000


def test_word_starts_equal_the_engines_marks_and_not_a_proportion_of_the_length() -> None:
    starts = _samples(_align(_TEXT, _UNEVEN, _UNEVEN_SAMPLES).source)
    assert [starts[mark.spoken_start] for mark in _UNEVEN] == [mark.start_sample for mark in _UNEVEN]
    proportional = [mark.spoken_start * _UNEVEN_SAMPLES // len(_TEXT) for mark in _UNEVEN]
    assert all(
        abs(starts[mark.spoken_start] - guess) > 0.01 * _RATE_HZ
        for mark, guess in zip(_UNEVEN, proportional, strict=True)
    )


def test_characters_inside_a_word_run_evenly() -> None:
    starts = _align(_TEXT, _UNEVEN, _UNEVEN_SAMPLES).source.start_s[6:14]
    steps = [after - before for before, after in pairwise(starts)]
    assert max(steps) == pytest.approx(min(steps))


def test_punctuation_takes_a_pause_at_the_end_of_the_word_and_never_more_than_half() -> None:
    times = _align(_TEXT, _UNEVEN, _UNEVEN_SAMPLES).source
    comma = _TEXT.index(",", 6)
    assert times.start_s[15] - times.start_s[comma] == pytest.approx(0.2)
    assert times.start_s[_TEXT.index(",")] * _RATE_HZ == pytest.approx((20_000 + 21_000) / 2)


def test_the_last_character_ends_with_the_utterance() -> None:
    alignment = _align(_TEXT, _UNEVEN, _UNEVEN_SAMPLES)
    assert alignment.source.end_s[-1] == alignment.spoken.end_s[-1] == _UNEVEN_SAMPLES / _RATE_HZ


def test_replaced_words_map_back_to_what_was_submitted() -> None:
    text = "Call UNO now"
    marks = [WordMark(0, 4, 0), WordMark(5, 6, 9_000), WordMark(12, 7, 15_000), WordMark(20, 3, 22_050)]
    alignment = _align(text, marks, 30_000, rules=(PronunciationRule("UNO", "United Nations"),))
    assert "".join(alignment.spoken.characters) == "Call United Nations now"
    assert "".join(alignment.source.characters) == text
    starts = _samples(alignment.source)
    assert (starts[0], starts[5], starts[9]) == (0, 9_000, 22_050)
    assert 9_000 < starts[6] < starts[7] < 22_050


def test_later_utterances_count_from_the_start_of_the_stream_as_it_is_heard() -> None:
    text = "One here. Two here."
    second = _plan(text)[1]
    marks = [WordMark(0, 3, 100), WordMark(4, 4, 5_000)]
    alignment = align(
        TextContent(text),
        second,
        marks,
        sample_count=9_000,
        sample_rate_hz=_RATE_HZ,
        start_sample=44_100,
        delay_s=0.5,
    )
    assert _samples(alignment.source)[0] == 44_200 + _RATE_HZ // 2
    assert alignment.source.end_s[-1] == (44_100 + 9_000) / _RATE_HZ + 0.5


def test_the_tag_of_a_break_fills_its_pause() -> None:
    tag = '<break time="2s"/>'
    alignment = _align(f"Hi.{tag}", [WordMark(0, 2, 0)], 11_025)
    assert "".join(alignment.source.characters) == f"Hi.{tag}"
    assert alignment.source.start_s[3] == 0.5
    assert alignment.source.end_s[-1] == 2.5
    assert "".join(alignment.spoken.characters) == "Hi."


def test_a_silent_utterance_still_has_its_characters() -> None:
    alignment = _align("...", [], 0)
    assert list(alignment.source.characters) == [".", ".", "."]
    assert list(alignment.source.end_s) == [0.0, 0.0, 0.0]
    assert list(alignment.spoken.characters) == []


def test_marks_out_of_order_or_out_of_range_do_no_harm() -> None:
    starts = [(3, 900), (1, 100), (6, 500), (99, 50), (7, 10**9)]
    marks = [WordMark(spoken_start, 2, start_sample) for spoken_start, start_sample in starts]
    alignment = _align("ab cd ef gh", marks, 1_000)
    _check_order(alignment.source, 0.0, 1_000 / _RATE_HZ)


def _check_order(times: CharacterTimes, first_s: float, last_s: float) -> None:
    assert len(times.characters) == len(times.start_s) == len(times.end_s)
    assert all(start <= end for start, end in zip(times.start_s, times.end_s, strict=True))
    assert list(times.start_s) == sorted(times.start_s)
    assert list(times.end_s) == sorted(times.end_s)
    assert all(first_s <= edge <= last_s for edge in (*times.start_s, *times.end_s))


_TEXTS = st.lists(
    st.sampled_from(["Hello ", "UNO ", "a, ", "end. ", "😀", "\x00", "<break time='1s'/>", "<p>", "...", "你好。"]),
    min_size=1,
    max_size=25,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    text=_TEXTS,
    chars_max=st.integers(5, 60),
    numbers=st.lists(st.integers(0, 40_000), min_size=5, max_size=60),
    sample_count=st.integers(0, 40_000),
)
def test_for_any_text_and_marks_times_are_ordered_and_the_characters_are_the_text(
    text: str, chars_max: int, numbers: list[int], sample_count: int
) -> None:
    start_sample = 0
    characters: list[str] = []
    reached_s = 0.0
    for utterance in _plan(text, chars_max=chars_max, rules=_RULES):
        marks = [WordMark(index * 3, 2, sample) for index, sample in enumerate(numbers)]
        count = sample_count if len(utterance.spoken) else 0
        alignment = align(
            TextContent(text), utterance, marks,
            sample_count=count, sample_rate_hz=_RATE_HZ, start_sample=start_sample, delay_s=0.0,
        )  # fmt: skip
        start_sample += count + utterance.pause_after_ms * _RATE_HZ // 1_000
        _check_order(alignment.source, reached_s, start_sample / _RATE_HZ)
        _check_order(alignment.spoken, reached_s, start_sample / _RATE_HZ)
        assert "".join(alignment.spoken.characters) == utterance.spoken.reveal()
        characters.extend(alignment.source.characters)
        reached_s = start_sample / _RATE_HZ
    assert "".join(characters) == text


def test_an_alignment_prints_no_text() -> None:
    assert "late" not in repr(_align(_TEXT, _UNEVEN, _UNEVEN_SAMPLES))
