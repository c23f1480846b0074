"""What surrounds a text is planted, and never kept."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.plantings.places import AROUND, headers_of, query_of, switch_of, words_for

pytestmark = pytest.mark.unit


def test_every_place_has_a_word_of_its_own_that_is_never_kept() -> None:
    mint = CanaryMint(seed=1)
    words = words_for(mint, "kept/it", (*AROUND, "more"))
    assert len(set(words.values())) == len(AROUND) + 1
    assert mint.where(is_kept=True) == ()
    sent = query_of(words) + str(headers_of(words))
    assert all(words[part] in sent for part in AROUND)


def test_the_switch_is_there_where_nothing_is_kept() -> None:
    assert (switch_of(False), switch_of(True)) == ("&enable_logging=false", "")
