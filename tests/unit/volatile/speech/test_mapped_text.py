"""Edits keep the map to the source: ordered, complete, spread over what they replace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.volatile.speech.mapped_text import Edit, identity

pytestmark = pytest.mark.unit


def test_the_identity_maps_each_character_to_itself() -> None:
    mapped = identity("xxabc", 2, 5)
    assert (mapped.text, list(mapped.source_of)) == ("abc", [2, 3, 4])


def test_no_edits_give_the_text_itself() -> None:
    mapped = identity("abc", 0, 3)
    assert mapped.edited([]) is mapped


def test_a_replacement_is_spread_over_what_it_replaces() -> None:
    mapped = identity("a 12 b", 0, 6).edited([Edit(2, 4, "twelve")])
    assert mapped.text == "a twelve b"
    assert list(mapped.source_of) == [0, 1, 2, 2, 2, 3, 3, 3, 4, 5]


def test_a_removal_leaves_a_gap_in_the_map() -> None:
    mapped = identity("a<b>c", 0, 5).edited([Edit(1, 4, "")])
    assert (mapped.text, list(mapped.source_of)) == ("ac", [0, 4])


def test_edits_of_edits_still_point_to_the_source() -> None:
    mapped = identity("UNO 5", 0, 5).edited([Edit(0, 3, "U N O")]).edited([Edit(6, 7, "five")])
    assert mapped.text == "U N O five"
    assert list(mapped.source_of)[-4:] == [4, 4, 4, 4]


def test_edits_out_of_order_are_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        identity("abcdef", 0, 6).edited([Edit(3, 4, "x"), Edit(1, 2, "y")])


@given(
    text=st.text(min_size=1, max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=8, unique=True),
    replacement=st.text(max_size=9),
)
def test_any_edits_keep_the_map_ordered_and_as_long_as_the_text(
    text: str, cuts: list[int], replacement: str
) -> None:
    ordered = sorted(cut for cut in cuts if cut <= len(text))
    edits = [Edit(start, end, replacement) for start, end in zip(ordered[::2], ordered[1::2], strict=False)]
    mapped = identity(text, 0, len(text)).edited(edits)
    assert len(mapped.text) == len(mapped.source_of)
    assert list(mapped.source_of) == sorted(mapped.source_of)
    kept = [index for index in range(len(text)) if not any(edit.start <= index < edit.end for edit in edits)]
    assert set(kept) <= set(mapped.source_of)


def test_neither_texts_nor_edits_print_content() -> None:
    assert "secret" not in repr(identity("secret", 0, 6)) + repr(Edit(0, 1, "secret"))
