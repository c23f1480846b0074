"""Records of members: they print no value, and bounds hold on arrival."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.core.ids import new_pass_code, new_session_token
from echoless.crossing.member_records import (
    ADDRESSES_MAX,
    MEMBER_RECORDS,
    OPERATOR_MEMBER_RECORDS,
    UNTICKETED_RECORDS,
    AcceptInvitation,
    FinishSignOn,
    Invite,
    LogIn,
    OperatorAddMember,
    SessionOpened,
    SetSignOn,
)
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit
REGISTRY = RecordRegistry((*MEMBER_RECORDS, *(one for one in OPERATOR_MEMBER_RECORDS if one not in MEMBER_RECORDS)))


def arrive(record: Record) -> object:
    data = encode_frame(record.KIND, msgspec.msgpack.encode(record))
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return REGISTRY.decode(frame)


@pytest.mark.parametrize(
    "record",
    [
        LogIn("a@b.test", "the password"),
        AcceptInvitation(new_pass_code(), "the password"),
        FinishSignOn("state", "c" * 4000),
        SessionOpened(new_session_token(), "s", "u", "w", "admin", 1),
        Invite(["a@b.test"] * ADDRESSES_MAX, "viewer"),
        OperatorAddMember("w", "a@b.test", "admin", "the password"),
    ],
)
def test_a_record_arrives_as_it_was_and_prints_nothing_of_it(record: Record) -> None:
    assert arrive(record) == record
    assert str(record) == repr(record) == f"<{type(record).__name__}>"


@pytest.mark.parametrize(
    "record",
    [
        LogIn("a" * 255, "p"),
        LogIn("a@b.test", "p" * 257),
        FinishSignOn("state", "c" * 4001),
        Invite([], "viewer"),
        Invite(["a@b.test"] * (ADDRESSES_MAX + 1), "viewer"),
        SetSignOn("https://i", "c", "s" * 1001, "https://r", [], "viewer"),
    ],
)
def test_what_is_out_of_bounds_does_not_arrive(record: Record) -> None:
    with pytest.raises(EcholessError):
        arrive(record)


def test_only_logins_need_no_ticket() -> None:
    names = {one.__name__ for one in UNTICKETED_RECORDS}
    assert names == {
        "LogIn", "AcceptInvitation", "RequestPasswordReset", "ResetPassword", "StartSignOn", "FinishSignOn",
    }  # fmt: skip
