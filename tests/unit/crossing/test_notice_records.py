"""Records of notices and of the automatic check."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.crossing.notice_records import NOTICE_OPERATOR_RECORDS, NOTICE_RECORDS, ListAllNotices, RetryNotice
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize(
    "record_type", sorted({*NOTICE_RECORDS, *NOTICE_OPERATOR_RECORDS}, key=lambda one: one.KIND)
)
def test_every_record_arrives_as_it_was_sent(record_type: type[Record], data: st.DataObject) -> None:
    registry = RecordRegistry((record_type,))
    record = data.draw(records(record_type))
    sent = registry.encode(record)
    reader = FrameReader()
    reader.writable()[: len(sent)] = sent
    (frame,) = reader.advance(len(sent))
    assert registry.decode(frame) == record


def test_what_is_for_the_operator_does_not_come_from_a_gateway() -> None:
    assert not {ListAllNotices, RetryNotice} & set(QUERY_RECORDS)
    assert {ListAllNotices, RetryNotice} <= set(OPERATOR_RECORDS)
    assert not any(each.IS_CONTENT for each in NOTICE_RECORDS)
