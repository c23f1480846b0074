"""Tags: pauses are found, other elements masked without changing a position, and hostile input costs little."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.volatile.speech.markup import DROPPED, PAUSE_MS_MAX, SPACED, find_breaks, mask_tags

pytestmark = pytest.mark.unit

_TEXTS = st.lists(
    st.sampled_from(
        ["a", " ", "<", ">", "/", "<break", ' time="2s"', "/>", "</break>", "<p>", "</s>", "<sub alias='x'>"]
    ),
    max_size=30,
).map("".join)


@given(text=_TEXTS)
def test_breaks_are_found_in_order_and_are_tags(text: str) -> None:
    breaks = list(find_breaks(text))
    assert all(text[found.start : found.end].startswith("<break") for found in breaks)
    assert all(before.end <= after.start for before, after in pairwise(breaks))
    assert all(0 <= found.pause_ms <= PAUSE_MS_MAX for found in breaks)


@given(text=_TEXTS)
def test_masking_keeps_the_length_and_everything_that_is_no_tag(text: str) -> None:
    masked = mask_tags(text)
    assert len(masked) == len(text)
    assert all(new in (old, DROPPED, SPACED) for old, new in zip(text, masked, strict=True))


def test_block_elements_separate_words_and_inline_elements_do_not() -> None:
    assert mask_tags("a</p>b") == "a" + SPACED * 4 + "b"
    assert mask_tags("a</w>b") == "a" + DROPPED * 4 + "b"


@pytest.mark.parametrize("text", ["a < b > c", "<b>bold</b>", "<breakfast/>", "< break/>", "<p", "<script>"])
def test_what_is_not_ssml_stays(text: str) -> None:
    assert mask_tags(text) == text
    assert list(find_breaks(text)) == []


def test_a_tag_that_never_ends_is_text() -> None:
    text = "<break " + " " * 40_000
    assert list(find_breaks(text)) == []
