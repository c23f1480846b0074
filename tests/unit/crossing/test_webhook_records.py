"""Records of webhooks: nothing of a request fits into them, and bounds hold on arrival."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.webhook_records import (
    EVENTS_MAX,
    WEBHOOK_RECORDS,
    CreateWebhook,
    EditWebhook,
    NoteDelivery,
    UseWebhooks,
    WebhookEvent,
)
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(record: Record) -> object:
    data = encode_frame(record.KIND, msgspec.msgpack.encode(record))
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(WEBHOOK_RECORDS).decode(frame)


def test_the_outcome_of_a_delivery_is_an_id_and_a_number() -> None:
    """C48: no body, no header, no words of the other side."""
    assert NoteDelivery.__struct_fields__ == ("delivery_id", "http_status")
    assert arrive(NoteDelivery("abc", 503)) == NoteDelivery("abc", 503)
    with pytest.raises(EcholessError):
        arrive(NoteDelivery("what the other side said", 500))


@pytest.mark.parametrize(
    "record",
    [
        CreateWebhook("n", "https://" + "h" * 2000),
        CreateWebhook("n" * 257, "https://h.test/"),
        UseWebhooks(WebhookEvent.SPEECH_TO_TEXT, "i" * 257),
        EditWebhook("i", False, "n", None, [WebhookEvent.FLOWS] * (EVENTS_MAX + 1)),
    ],
)
def test_what_is_too_long_does_not_arrive(record: Record) -> None:
    with pytest.raises(EcholessError):
        arrive(record)


def test_no_record_of_webhooks_is_content() -> None:
    """Content has no way into the register: results go to whoever delivers, never here."""
    assert not any(record.IS_CONTENT for record in WEBHOOK_RECORDS)
