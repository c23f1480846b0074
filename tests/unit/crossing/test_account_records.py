"""Records of the end of an account."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.core.ids import new_ticket_id
from echoless.crossing.account_records import (
    ACCOUNT_OPERATOR_RECORDS,
    ACCOUNT_RECORDS,
    AskDeletion,
    Census,
    ConfirmDeletion,
    RemoveMember,
    TicketRevoked,
)
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader

pytestmark = pytest.mark.unit


def arrive(record: Record, records: tuple[type[Record], ...]) -> Record:
    registry = RecordRegistry(records)
    data, reader = registry.encode(record, ticket=new_ticket_id()), FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return registry.decode(frame)


@pytest.mark.parametrize("record", [AskDeletion("secret"), ConfirmDeletion("secret"), RemoveMember("secret")])
def test_passwords_codes_and_addresses_are_never_printed(record: Record) -> None:
    assert "secret" not in repr(record)
    assert arrive(record, ACCOUNT_RECORDS) == record


def test_a_revoked_ticket_is_named_by_the_head_of_its_frame_alone() -> None:
    assert TicketRevoked.__struct_fields__ == ()
    assert arrive(TicketRevoked(), ACCOUNT_RECORDS) == TicketRevoked()


def test_what_only_the_operator_may_ask_does_not_arrive_from_a_gateway() -> None:
    for kind in set(ACCOUNT_OPERATOR_RECORDS) - set(ACCOUNT_RECORDS):
        with pytest.raises(EcholessError):
            RecordRegistry(ACCOUNT_RECORDS).decode(_frame(kind))


def _frame(kind: type[Record]) -> object:
    from echoless.crossing.wire import encode_frame

    data, reader = encode_frame(kind.KIND, b"\x80"), FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return frame


def test_no_record_of_accounts_is_content() -> None:
    assert not any(record.IS_CONTENT for record in (*ACCOUNT_RECORDS, *ACCOUNT_OPERATOR_RECORDS))
    assert arrive(Census({"api_keys": 0}, 0), ACCOUNT_OPERATOR_RECORDS) == Census({"api_keys": 0}, 0)
