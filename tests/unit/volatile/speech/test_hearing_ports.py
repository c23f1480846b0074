"""What engines that hear hand over."""

from __future__ import annotations

import pickle

import pytest

from echoless.core.content import TextContent
from echoless.volatile.speech.hearing_ports import Heard, HeardWord, HearingOptions

pytestmark = pytest.mark.unit
WORD = HeardWord(TextContent("marzipan"), 0.25, 0.75, -0.5, character_start_s=(0.253,), character_end_s=(0.748,))


@pytest.mark.parametrize("value", [WORD, Heard((WORD,), "en"), HearingOptions(keyterms=(TextContent("marzipan"),))])
def test_what_was_heard_and_what_is_likely_are_in_no_print_and_no_pickle(value: object) -> None:
    for shown in (repr(value), str(value), f"{value}"):
        assert "marzipan" not in shown
        # Times of characters tell how long a word is.
        assert "0.253" not in shown
        assert "0.748" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(value)


def test_an_engine_of_one_language_is_sure_of_it() -> None:
    assert Heard((), "en").language_probability == 1.0
