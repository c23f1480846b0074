"""Records about identity providers: content, and small."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.provider_records import ANSWER_BYTES_MAX, PROVIDER_RECORDS, AskProvider, ProviderSaid
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(record: Record, *, is_content: bool = True) -> object:
    data = encode_frame(record.KIND, msgspec.msgpack.encode(record), is_content=is_content)
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(PROVIDER_RECORDS).decode(frame)


@pytest.mark.parametrize("record", [AskProvider("https://i.test", b"code=1", "Basic x"), ProviderSaid(200, b"{}")])
def test_what_is_asked_and_answered_is_content_and_prints_nothing(record: Record) -> None:
    assert record.IS_CONTENT
    assert arrive(record) == record
    assert repr(record) == f"<{type(record).__name__}>"
    with pytest.raises(EcholessError):
        arrive(record, is_content=False)


@pytest.mark.parametrize(
    "record", [AskProvider("h" * 4001), AskProvider("h", b"f" * (16 * 1024 + 1)), AskProvider("h", b"", "a" * 4001)]
)
def test_a_question_is_small(record: Record) -> None:
    with pytest.raises(EcholessError):
        arrive(record)


def test_an_answer_fits_into_one_frame() -> None:
    decoder = msgspec.msgpack.Decoder(ProviderSaid)
    whole = ProviderSaid(200, bytes(ANSWER_BYTES_MAX))
    assert decoder.decode(msgspec.msgpack.encode(whole)) == whole
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(msgspec.msgpack.encode(ProviderSaid(200, bytes(ANSWER_BYTES_MAX + 1))))
