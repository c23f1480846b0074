"""Records between the vault and its courier."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.courier_records import COURIER_RECORDS, MailSent, SendMail
from echoless.crossing.egress_client import egress_registry
from echoless.crossing.records import Record, core_registry
from echoless.crossing.wire import FrameReader
from tests.fakes.record_strategies import records

pytestmark = pytest.mark.unit


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("record_type", COURIER_RECORDS)
def test_every_record_arrives_as_it_was_sent(record_type: type[Record], data: st.DataObject) -> None:
    registry = egress_registry()
    record = data.draw(records(record_type))
    sent = registry.encode(record)
    reader = FrameReader()
    reader.writable()[: len(sent)] = sent
    (frame,) = reader.advance(len(sent))
    assert registry.decode(frame) == record


def test_a_message_is_content_and_prints_nothing() -> None:
    assert (SendMail.IS_CONTENT, MailSent.IS_CONTENT) == (True, False)
    assert "ann" not in repr(SendMail("ann@example.org", "s", "t", "m"))


def test_no_gateway_has_words_for_mail_to_the_vault() -> None:
    known = {each.KIND for each in core_registry().record_types}
    assert not known & {each.KIND for each in COURIER_RECORDS}


def test_a_message_without_end_does_not_arrive() -> None:
    registry = egress_registry()
    sent = registry.encode(SendMail("a@example.org", "s", "t" * (64 * 1024 + 1), "m"))
    reader = FrameReader()
    frames = []
    while sent:
        room = reader.writable()
        count = min(len(room), len(sent))
        room[:count] = sent[:count]
        frames += list(reader.advance(count))
        sent = sent[count:]
    with pytest.raises(EcholessError):
        registry.decode(frames[0])
