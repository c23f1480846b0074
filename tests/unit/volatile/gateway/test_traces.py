"""What a request remembers of itself: nothing, unless a diagnosis may be made of it."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.traces import Traces

pytestmark = pytest.mark.unit


def test_nothing_is_remembered_where_no_diagnosis_is_made() -> None:
    traces = Traces()
    for key in (None, ""):
        if key is not None:
            traces.begin(key)
        traces.note("body", "a")
        traces.add("texts", "b")
        assert not traces.is_on
        assert traces.parts() == {}


def test_notes_are_replaced_added_dropped_and_ended() -> None:
    traces = Traces()
    traces.begin("age1")
    traces.note("body", 1)
    traces.note("body", 2)
    traces.add("texts", 3)
    traces.add("texts", 4)
    assert traces.parts() == {"body": 2, "texts": [3, 4]}
    traces.drop("texts")
    traces.drop("never")
    assert traces.parts() == {"body": 2}
    traces.end()
    assert traces.parts() == {}


def test_a_long_stream_is_remembered_in_part_only() -> None:
    traces = Traces()
    traces.begin("age1")
    for number in range(1000):
        traces.add("texts", number)
    texts = traces.parts()["texts"]
    assert isinstance(texts, list)
    assert len(texts) == 64
    assert texts[-1] == 999


def test_traces_print_no_content() -> None:
    traces = Traces()
    traces.begin("age1")
    traces.note("body", "content")
    assert "content" not in repr(traces)
