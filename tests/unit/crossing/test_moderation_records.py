"""Records of moderation: what may be told of any text, and what only of a kept one."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.moderation_records import (
    EXCERPTS_MAX,
    MODERATION_EGRESS_RECORDS,
    MODERATION_RECORDS,
    KeepModeration,
    KeptFinding,
    NoteVerdict,
)
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import Frame, FrameReader
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit
REGISTRY = RecordRegistry(MODERATION_RECORDS, MODERATION_EGRESS_RECORDS)


def framed(record: Record) -> Frame:
    sent = REGISTRY.encode(record)
    reader = FrameReader()
    reader.writable()[: len(sent)] = sent
    (frame,) = reader.advance(len(sent))
    return frame


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("record_type", (*MODERATION_RECORDS, *MODERATION_EGRESS_RECORDS))
def test_every_record_arrives_as_it_was_sent(record_type: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(record_type))
    assert REGISTRY.decode(framed(record)) == record


@pytest.mark.claim("Z24")
def test_a_verdict_has_room_for_words_of_closed_sets_and_a_number_only() -> None:
    """A text cannot be smuggled into it: what is not in the sets does not arrive."""
    assert not NoteVerdict.IS_CONTENT
    hints = {field.name: field.type for field in msgspec.structs.fields(NoteVerdict)}
    assert [hints[name] for name in ("category", "severity", "action")] == [Category, Severity, Action]
    assert set(hints) == {"category", "severity", "action", "count"}
    frame = framed(NoteVerdict(Category.FRAUD, Severity.LOW, Action.PASSED))
    smuggled = msgspec.msgpack.encode(["what was said", "low", "passed", 1])
    with pytest.raises(EcholessError) as caught:
        REGISTRY.decode(Frame(frame.header, smuggled))
    assert "said" not in caught.value.public_description


def test_excerpts_are_content_and_bounded() -> None:
    assert KeepModeration.IS_CONTENT
    finding = KeptFinding(Category.FRAUD, Severity.LOW, ["x"] * (EXCERPTS_MAX + 1))
    for kept in (
        KeepModeration(Action.PASSED, [finding]),
        KeepModeration(Action.PASSED, [KeptFinding(Category.FRAUD, Severity.LOW, ["x" * 1001])]),
    ):
        with pytest.raises(EcholessError):
            REGISTRY.decode(framed(kept))
