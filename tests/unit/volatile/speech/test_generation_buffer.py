"""When text is spoken: by the schedule, on demand, or phrase by phrase."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.speech.generation_buffer import BufferRules, GenerationBuffer, Piece

pytestmark = pytest.mark.unit

RULES = BufferRules(is_auto=False, parses_markup=False, characters_max=1000)
AUTO = BufferRules(is_auto=True, parses_markup=False, characters_max=1000)


def texts(pieces: list[Piece]) -> list[str]:
    return [piece.text.reveal() for piece in pieces]


def test_the_nth_generation_begins_when_the_buffer_reaches_item_n_and_the_last_item_repeats() -> None:
    buffer = GenerationBuffer(RULES, (50, 60))
    words = "word " * 10
    assert texts(buffer.add(words[:45])) == []
    assert texts(buffer.add(words[45:])) == [words]
    assert texts(buffer.add(words)) == []
    assert texts(buffer.add("word word ")) == [words + "word word "]
    assert texts(buffer.add(words)) == []
    assert texts(buffer.add("word word ")) == [words + "word word "]


def test_a_generation_takes_complete_phrases_and_leaves_the_rest() -> None:
    buffer = GenerationBuffer(RULES, (50,))
    pieces = buffer.add("This is the first sentence of the text, and this is")
    assert texts(pieces) == ["This is the first sentence of the text, "]
    assert pieces[0].is_phrase_end
    assert texts(buffer.flush()) == ["and this is"]


def test_where_no_phrase_is_complete_a_generation_takes_whole_words() -> None:
    buffer = GenerationBuffer(RULES, (50,))
    pieces = buffer.add("word " * 10 + "unfin")
    assert texts(pieces) == ["word " * 10]
    assert not pieces[0].is_phrase_end


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It is enough by now. ", ["It is enough by now. "]),
        ("It is quite enough by now ", ["It is quite enough by now "]),
        ("Too little yet. ", []),
        ("It is enough, but unfin", []),
    ],
)
def test_trying_speaks_from_twenty_characters_on_at_the_end_of_a_word(text: str, spoken: list[str]) -> None:
    buffer = GenerationBuffer(RULES)
    assert texts(buffer.add(text, tries_generation=True)) == spoken
    assert texts(GenerationBuffer(RULES).add(text)) == [], "nobody tried"


@pytest.mark.parametrize("message", ["Hello. ", "Well, ", "a phrase without any mark at its end "])
def test_auto_mode_speaks_each_phrase_at_once(message: str) -> None:
    assert texts(GenerationBuffer(AUTO).add(message)) == [message]


def test_auto_mode_waits_for_the_phrase_to_which_a_word_belongs() -> None:
    buffer = GenerationBuffer(AUTO)
    assert texts(buffer.add("Ask ")) == texts(buffer.add("Dr. ")) == texts(buffer.add("Smith")) == []
    assert texts(buffer.add(". ")) == ["Ask Dr. Smith. "]


def test_auto_mode_does_not_gather_for_ever() -> None:
    buffer = GenerationBuffer(AUTO)
    spoken = [piece for _ in range(110) for piece in buffer.add("word ")]
    assert texts(spoken) == ["word " * 100]


def test_a_blank_text_adds_nothing_audible_but_parts_words() -> None:
    buffer = GenerationBuffer(RULES)
    for text in (" ", "one", " ", " ", "two", " "):
        assert buffer.add(text) == []
    assert texts(buffer.flush()) == ["one two "]
    assert buffer.add("  ") == buffer.flush() == []


def test_a_tag_never_straddles_two_generations() -> None:
    rules = BufferRules(is_auto=True, parses_markup=True, characters_max=1000)
    buffer = GenerationBuffer(rules)
    assert texts(buffer.add('Wait here. <break time="1.')) == ["Wait here. "]
    assert texts(buffer.add('5s"/> Go on. ')) == ['<break time="1.5s"/> Go on. ']


def test_an_audio_tag_is_cut_only_where_it_is_read_aloud() -> None:
    def first_of(*, reads_tags: bool) -> list[str]:
        rules = BufferRules(is_auto=True, parses_markup=False, characters_max=1000, reads_tags=reads_tags)
        return texts(GenerationBuffer(rules).add("Wait here. [softly, almost "))

    assert first_of(reads_tags=True) == ["Wait here. "]
    assert first_of(reads_tags=False) == ["Wait here. [softly, "]


def test_a_buffer_over_the_limit_is_refused() -> None:
    buffer = GenerationBuffer(BufferRules(is_auto=False, parses_markup=False, characters_max=10))
    with pytest.raises(EcholessError) as caught:
        buffer.add("eleven char")
    assert caught.value.code is ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED
    assert "eleven" not in str(caught.value)


def test_what_is_dropped_is_not_spoken() -> None:
    buffer = GenerationBuffer(RULES)
    buffer.add("never mind")
    buffer.drop()
    assert buffer.flush() == []
    assert len(buffer) == 0
