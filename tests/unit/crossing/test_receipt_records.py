"""Records of receipts and of the log: bounded, and none of them is content."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.receipt_records import RECEIPT_RECORDS, ConfinementReport, ReadLogFile, ReceiptView
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
@pytest.mark.parametrize("record_type", [*RECEIPT_RECORDS, ConfinementReport])
def test_every_record_arrives_as_it_was_sent_and_is_no_content(
    record_type: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(record_type))
    assert arrive(record, record_type) == record
    assert not record.IS_CONTENT


def test_what_is_too_long_does_not_arrive() -> None:
    for record in (ReadLogFile("x" * 300), ReceiptView("x" * 70_000, b"")):
        with pytest.raises(EcholessError):
            arrive(record, type(record))
