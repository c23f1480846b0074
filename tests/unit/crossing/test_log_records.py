"""Records of logs and of deletions of many."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.log_records import LOG_OPERATOR_RECORDS, LOG_RECORDS, DeleteMany, LogEntryView, LogPage
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit


def arrive(record: Record, *known: type[Record]) -> Record:
    data = encode_frame(record.KIND, msgspec.msgpack.encode(record), is_content=record.IS_CONTENT)
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(known).decode(frame)


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("record_type", sorted({*LOG_RECORDS, *LOG_OPERATOR_RECORDS}, key=lambda each: each.KIND))
def test_every_record_arrives_as_it_was_sent(record_type: type[Record], data: st.DataObject) -> None:
    record = data.draw(records(record_type))
    assert arrive(record, record_type) == record


def test_entries_cross_by_the_operators_door_alone_and_are_content() -> None:
    """A gateway has no record that holds an entry, so nobody reads these logs over the network."""
    assert not {LogPage, LogEntryView} & set(QUERY_RECORDS)
    assert {LogPage, LogEntryView} <= set(OPERATOR_RECORDS)
    assert LogPage.IS_CONTENT
    assert LogEntryView.IS_CONTENT


def test_more_than_a_thousand_names_do_not_arrive() -> None:
    arrive(DeleteMany(["x"] * 1000), DeleteMany)
    with pytest.raises(EcholessError):
        arrive(DeleteMany(["x"] * 1001), DeleteMany)
