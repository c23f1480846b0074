"""Canaries are words that nobody else says."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint

pytestmark = pytest.mark.unit


def test_no_word_is_made_twice() -> None:
    mint = CanaryMint(seed=1)
    canaries = [mint.plain(f"text {number}", 5000, is_kept=False) for number in range(5)]
    words = [word for canary in canaries for word in canary.words]
    assert len(words) == len(set(words)) > 1_800


def test_all_ascii_words_begin_with_the_anchor_of_the_run() -> None:
    mint = CanaryMint(seed=2)
    canaries = [
        mint.plain("a", 300, is_kept=False),
        mint.emoji("b", is_kept=True),
        mint.accented("c", is_kept=True),
    ]
    assert all(word.startswith(mint.anchor) for canary in canaries for word in canary.words)


def test_two_runs_have_different_anchors() -> None:
    assert CanaryMint().anchor != CanaryMint().anchor


@pytest.mark.parametrize("characters", [300, 5000])
def test_a_text_has_about_the_length_that_was_asked_for(characters: int) -> None:
    assert characters - 13 <= len(CanaryMint(seed=3).plain("x", characters, is_kept=False).text) <= characters


def test_a_short_clause_has_five_letters() -> None:
    assert len(CanaryMint(seed=4).short("x", is_kept=False).text) == 5


def test_a_canary_prints_as_its_name() -> None:
    canary = CanaryMint(seed=5).plain("here", 300, is_kept=False)
    assert canary.words[0] not in repr(canary)


def test_canaries_are_listed_by_whether_they_are_kept() -> None:
    mint = CanaryMint(seed=6)
    zero, kept = mint.plain("zero", 20, is_kept=False), mint.cyrillic("kept", is_kept=True)
    assert mint.where(is_kept=False) == (zero,)
    assert mint.where(is_kept=True) == (kept,)


def test_a_short_word_that_is_there_by_chance_is_not_taken() -> None:
    first = CanaryMint(seed=4).short("x", is_kept=False).text
    asked: list[str] = []

    def is_taken(word: str) -> bool:
        asked.append(word)
        return word == first

    assert CanaryMint(seed=4, is_taken=is_taken).short("x", is_kept=False).text != first
    assert asked[0] == first
