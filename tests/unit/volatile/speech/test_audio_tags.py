"""Tags in brackets: obeyed where they can be, and never read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.speech.audio_tags import find_tags, mask_audio_tags
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.markup import PAUSE_MS_MAX, SPACED
from echoless.volatile.speech.ports import PLAIN_MANNER, TextOptions, Utterance

pytestmark = pytest.mark.unit
_TEXTS = st.lists(
    st.sampled_from(
        ["Hello there. ", "a", " ", "[", "]", "[whispers]", "[long pause]", "[laughs]", "[1]", '<break time="1s"/>',
         "[a <break/> b]", "<break time='[pause]'/>", "[pause 2s]", "\n", "[shouting, slowly]"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


def plan(text: str) -> list[Utterance]:
    return list(TextPlanner({})(TextContent(text), TextOptions("en", reads_tags=True)))


@given(text=_TEXTS)
def test_utterances_cover_any_text_with_tags(text: str) -> None:
    utterances = plan(text)
    assert "".join(text[u.source_start : u.source_end] for u in utterances) == text
    assert all(len(u.source_of) == len(u.spoken) for u in utterances)


@given(text=_TEXTS)
def test_no_word_of_a_tag_is_ever_spoken(text: str) -> None:
    spoken = "".join(u.spoken.reveal() for u in plan(text))
    for word in ("whispers", "pause", "laughs", "shouting", "slowly"):
        assert f"[{word}" not in spoken or "]" not in text
    assert len(mask_audio_tags(text)) == len(text)


@pytest.mark.parametrize("tag", ["[laughs]", "[sighs]", "[gunshot]", "[strong French accent]", "[clears throat]"])
def test_a_tag_that_the_engine_cannot_do_is_dropped_and_splits_no_sentence(tag: str) -> None:
    (utterance,) = plan(f"It was {tag} so good.")
    assert utterance.spoken.reveal().split() == ["It", "was", "so", "good."]
    assert (utterance.manner, utterance.pause_after_ms) == (PLAIN_MANNER, 0)


def test_a_tag_holds_until_the_next_one_that_says_how_to_speak() -> None:
    text = "One. [whispers] Two is here. [laughs] [pause] Three. [shouts] Four!"
    before, whispered, still, loud = (u for u in plan(text) if len(u.spoken))
    assert before.manner == PLAIN_MANNER
    assert whispered.manner.is_whispered
    assert still.manner == whispered.manner
    assert not loud.manner.is_whispered
    assert loud.manner.gain_db > 0 > whispered.manner.gain_db


def test_tags_combine_what_they_ask_for() -> None:
    (tag,) = find_tags("[slowly, whispering]")
    assert tag.manner is not None
    assert tag.manner.is_whispered
    assert tag.manner.speed < 0.75


@pytest.mark.parametrize(
    ("tag", "pause_ms"),
    [
        ("[pause]", 700), ("[short pause]", 350), ("[long pause]", 1_400), ("[pauses for 2s]", 2_000),
        ("[pause 250 ms]", 250), ("[pause 99s]", PAUSE_MS_MAX), ("[beat]", 700),
    ],
)  # fmt: skip
def test_a_pause_is_silence_in_the_tags_place(tag: str, pause_ms: int) -> None:
    first, second = plan(f"One, {tag} two.")
    assert (first.spoken.reveal(), first.pause_after_ms) == ("One, ", pause_ms)
    assert second.spoken.reveal() == " two."
    assert second.manner == PLAIN_MANNER


def test_brackets_without_a_letter_are_ordinary_text() -> None:
    assert mask_audio_tags("See [1] and [2, 3].") == "See [1] and [2, 3]."
    assert mask_audio_tags("[a]b[ never closed") == SPACED * 3 + "b[ never closed"


def test_without_reading_tags_brackets_are_read() -> None:
    (utterance,) = TextPlanner({})(TextContent("It was [whispers] good."), TextOptions("en"))
    assert utterance.spoken.reveal() == "It was [whispers] good."


def test_brackets_that_never_close_cost_little() -> None:
    assert list(find_tags("[" * 50_000)) == []
