"""Every record that may cross."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import _CONTROL_RECORDS
from echoless.crossing.live_records import LIVE_RECORDS
from echoless.crossing.media_records import MEDIA_RECORDS
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import (
    CloseTicket,
    Code,
    KeepText,
    OpenTicket,
    Record,
    RecordRegistry,
    Speak,
    core_registry,
)
from echoless.crossing.wire import FrameReader
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit

CORE = core_registry(QUERY_RECORDS, MEDIA_RECORDS, LIVE_RECORDS)
ALL_TYPES = sorted(
    {*CORE.record_types, *OPERATOR_RECORDS, *_CONTROL_RECORDS}, key=lambda record_type: record_type.KIND
)


def round_trip(registry: RecordRegistry, data: bytes) -> Record:
    reader = FrameReader(8 * 1024 * 1024)
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return registry.decode(frame)


@pytest.mark.parametrize("record_type", ALL_TYPES, ids=lambda record_type: record_type.__name__)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_every_record_comes_back_as_it_went_and_prints_its_type_only(
    record_type: type[Record], data: st.DataObject
) -> None:
    """T5: a record in an error or a log shows no value."""
    record = data.draw(records(record_type))
    assert repr(record) == str(record) == f"<{record_type.__name__}>"
    registry = RecordRegistry((record_type,))
    assert round_trip(registry, registry.encode(record)) == record


def test_numbers_of_records_are_unique() -> None:
    kinds = [record_type.KIND for record_type in ALL_TYPES]
    assert len(kinds) == len(set(kinds))
    assert 0 not in kinds


def test_a_kind_that_may_not_arrive_is_refused() -> None:
    registry = RecordRegistry((OpenTicket,))
    with pytest.raises(EcholessError) as caught:
        round_trip(registry, core_registry().encode(KeepText("words", {})))
    assert caught.value.code is ErrorCode.CROSSING_BROKEN
    assert "words" not in str(caught.value)


def test_content_that_pretends_to_be_metadata_is_refused() -> None:
    """A frame whose header denies that its kind is content does not decode."""
    data = bytearray(CORE.encode(KeepText("words", {})))
    data[3] = 0
    with pytest.raises(EcholessError):
        round_trip(CORE, bytes(data))


def test_metadata_has_no_room_for_sentences() -> None:
    """C30: codes have a closed alphabet and 64 characters."""
    good = CloseTicket("done", 200, "", 1, 1, 1)  # type: ignore[arg-type]  # as it comes from the wire
    payload = msgspec.msgpack.encode(good)
    for smuggled in ("two words", "x" * 65, "ä"):
        bad = msgspec.msgpack.decode(payload)
        bad[2] = smuggled
        frame = CORE.encode(good)[:26]
        body = msgspec.msgpack.encode(bad)
        with pytest.raises(EcholessError) as caught:
            round_trip(CORE, frame + len(body).to_bytes(4, "big") + body)
        assert smuggled not in str(caught.value)


def test_speech_jobs_are_content() -> None:
    assert Speak.IS_CONTENT
    assert KeepText.IS_CONTENT
    assert not CloseTicket.IS_CONTENT


def patterns_of(kind: msgspec.inspect.Type) -> list[str]:
    """Return the patterns of texts in a type, however deep they lie."""
    if isinstance(kind, msgspec.inspect.StrType):
        return [] if kind.pattern is None else [kind.pattern]
    inner = [getattr(kind, name, None) for name in ("item_type", "key_type", "value_type", "type")]
    kinds = [*inner, *getattr(kind, "types", ()), *(field.type for field in getattr(kind, "fields", ()))]
    return [pattern for each in kinds if isinstance(each, msgspec.inspect.Type) for pattern in patterns_of(each)]


def test_a_code_ends_where_its_pattern_does() -> None:
    """`$` lets a line end pass, with which a gateway that is not ours could begin a line of its own in a row."""
    patterns = {pattern for kind in ALL_TYPES for pattern in patterns_of(msgspec.inspect.type_info(kind))}
    assert patterns
    assert [pattern for pattern in patterns if not pattern.endswith(r"\Z")] == []
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("code\n", Code)
