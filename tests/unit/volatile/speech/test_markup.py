"""Tags: pauses are found, other elements masked without changing a position, and hostile input costs little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.volatile.speech.markup import DROPPED, PAUSE_MS_MAX, SPACED, mask_tags, split_at_breaks

pytestmark = pytest.mark.unit

_TEXTS = st.lists(
    st.sampled_from(
        ["a", " ", "<", ">", "/", "<break", ' time="2s"', "/>", "</break>", "<p>", "</s>", "<sub alias='x'>"]
    ),
    max_size=30,
).map("".join)


@given(text=_TEXTS)
def test_regions_cover_the_text_in_order(text: str) -> None:
    regions = list(split_at_breaks(text))
    assert "".join(text[region.start : region.end] for region in regions) == text
    assert all(region.start <= region.stop <= region.end for region in regions)
    assert all(0 <= region.pause_ms <= PAUSE_MS_MAX for region in regions)
    assert all(region.end > region.stop for region in regions[:-1])


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
    assert len(list(split_at_breaks(text))) == 1


def test_a_tag_that_never_ends_is_text() -> None:
    text = "<break " + " " * 40_000
    assert [(region.stop, region.pause_ms) for region in split_at_breaks(text)] == [(len(text), 0)]
