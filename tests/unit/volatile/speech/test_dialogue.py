"""Gaps between turns."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.dialogue import CUT_OFF_MS, LAST_MS, gaps_ms

pytestmark = pytest.mark.unit


def test_who_is_cut_off_is_followed_at_once_and_who_trails_off_is_waited_for() -> None:
    cut, asked, said, trailed, last = gaps_ms(["I only wanted-", "What?", "Nothing.", "Well...", "Bye."])
    assert cut == CUT_OFF_MS
    assert cut < asked < said < trailed
    assert last == LAST_MS


@pytest.mark.parametrize("text", ['He said "what?"', "What? [sighs]", "What? [sighs] [long pause] ", "(What?)"])
def test_quotes_and_tags_at_the_end_do_not_count(text: str) -> None:
    assert gaps_ms([text, "x"])[0] == gaps_ms(["What?", "x"])[0]


def test_a_turn_that_says_it_interrupts_does() -> None:
    assert gaps_ms(["Now listen to me.", "[interrupting] No!"])[0] == CUT_OFF_MS
    assert gaps_ms(["Now listen to me.", "[laughs] No!"])[0] > CUT_OFF_MS


def test_no_turns_have_no_gaps() -> None:
    assert gaps_ms([]) == ()
    assert gaps_ms([""]) == (LAST_MS,)
