"""The decoder's words become a transcript's."""

from __future__ import annotations

import pytest

from echoless.volatile.engines.stt.sphinx_words import event_name, is_filler, spelled

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("word", ["<s>", "</s>", "<sil>", "[SPEECH]"])
def test_silence_and_what_is_in_no_dictionary_have_no_name(word: str) -> None:
    assert event_name(word) == ""


@pytest.mark.parametrize(("word", "name"), [("[NOISE]", "(noise)"), ("++COUGH++", "(cough)")])
def test_noises_are_named_in_brackets(word: str, name: str) -> None:
    assert event_name(word) == name


def test_a_word_is_no_event_and_loses_its_variant() -> None:
    assert event_name("was(2)") is None
    assert spelled("was(2)") == "was"
    assert [spelled(word) for word in ("i", "i'll", "in", "i(2)")] == ["I", "I'll", "in", "I"]


def test_hesitations_are_known() -> None:
    assert is_filler("um")
    assert not is_filler("umbrella")
