"""Records of long-lived speech come back as they went."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import Record, RecordRegistry, core_registry
from echoless.crossing.socket_records import SOCKET_RECORDS, STREAM_RECORDS
from echoless.crossing.wire import FrameReader
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit

ALL_TYPES = (*SOCKET_RECORDS, *STREAM_RECORDS)


@pytest.mark.parametrize("record_type", ALL_TYPES, ids=lambda record_type: record_type.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_every_record_comes_back_as_it_went_and_prints_its_type_only(
    record_type: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(record_type))
    assert repr(record) == str(record) == f"<{record_type.__name__}>"
    registry = RecordRegistry((record_type,))
    reader = FrameReader(8 * 1024 * 1024)
    frame = registry.encode(record)
    reader.writable()[: len(frame)] = frame
    (read,) = reader.advance(len(frame))
    assert registry.decode(read) == record


def test_numbers_are_unique_beside_all_others() -> None:
    registry = core_registry(QUERY_RECORDS, SOCKET_RECORDS, STREAM_RECORDS)
    assert len(registry.record_types) == len(set(registry.record_types))


@pytest.mark.claim("Z8")
def test_text_is_content_and_nothing_else_is() -> None:
    assert {record.__name__ for record in ALL_TYPES if record.IS_CONTENT} == {"SpeakOn", "MoreText", "KeepMoreText"}
