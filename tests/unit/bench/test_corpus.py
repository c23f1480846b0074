"""The corpus is mixed, and the same every time."""

from __future__ import annotations

import pytest

from echoless.bench.corpus import english_text, mixed_corpus

pytestmark = pytest.mark.unit
_VOICES = {language: f"voice-{language}" for language in ("en", "de", "fr", "es")}


def test_it_has_several_lengths_languages_and_numbers() -> None:
    texts = mixed_corpus(_VOICES, 96)
    assert {item.language for item in texts} == set(_VOICES)
    assert all(item.catalogue_id == f"voice-{item.language}" for item in texts)
    assert min(len(item.text) for item in texts) < 50
    assert max(len(item.text) for item in texts) > 1_000
    assert sum(any(letter.isdigit() for letter in item.text) for item in texts) > 40


def test_it_is_the_same_every_time_with_the_longest_first() -> None:
    texts = mixed_corpus(_VOICES, 48)
    assert texts == mixed_corpus(_VOICES, 48)
    lengths = [len(item.text) for item in texts]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("characters", [1, 200, 50_000])
def test_an_english_text_has_exactly_the_length_that_was_asked_for(characters: int) -> None:
    assert len(english_text(characters).text) == characters
