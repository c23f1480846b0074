"""A transcript is searched for by runs of words, never by a word that a dictionary has anyway."""

from __future__ import annotations

import pytest

from echoless.audit.sounds import RAW, SoundMint
from echoless.audit.transcripts import heard, phrases, said
from tests.unit.audit.test_sounds import hum

pytestmark = pytest.mark.unit


def test_a_phrase_is_long_enough_and_holds_a_word_of_ours() -> None:
    found = phrases(["it", "was", "the", "policeman", "and", "the", "cathedral", "of", "his", "day"])
    assert {"was the policeman", "the policeman and", "the cathedral"} & set(found)
    assert all(len(phrase) >= 14 and " " in phrase for phrase in found)
    assert all("policeman" in phrase or "cathedral" in phrase for phrase in found)


def test_what_holds_no_word_of_ours_tells_nothing() -> None:
    assert phrases(["of", "the", "people", "by", "the", "people", "for", "the", "people"]) == ()


def test_what_is_heard_long_before_a_word_of_ours_is_not_searched_for() -> None:
    """A needle must fit into the overlap of two blocks in its widest form, whatever a recogniser heard."""
    found = phrases(["people"] * 200 + ["policeman", "people"])
    assert "people policeman" in found
    assert max(map(len, found)) <= 64


def test_a_transcript_is_searched_for_by_sentences_too() -> None:
    sound = SoundMint(hum, seed=1).sound("zero/it", RAW, is_kept=False)
    canary = heard(sound, "uh the policeman and a cathedral in september of the parliament")
    lengths = [len(word) for word in canary.words]
    assert canary.telling_letters_min == 32
    assert min(lengths) < 32 <= max(lengths)


def test_what_is_said_can_be_searched_for_before_it_was_heard() -> None:
    sound = SoundMint(hum, seed=1).sound("zero/it", RAW, is_kept=False)
    canary = said(sound)
    assert (canary.name, canary.is_kept) == ("zero/it/said", False)
    assert canary.words[0] == " ".join(sound.words[:2])
    assert heard(sound, f"uh {canary.words[0]} oh").name == "zero/it/heard"
    assert canary.words[0] in heard(sound, f"uh {canary.words[0]} oh").words
