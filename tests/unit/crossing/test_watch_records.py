"""Records of the live view cross, have bounds, and hold no content."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.watch_records import WATCH_RECORDS, AskWatch, WatchedProcess, WatchView
from echoless.crossing.wire import HEADER, Frame, decode_header

pytestmark = pytest.mark.unit
REGISTRY = RecordRegistry(OPERATOR_RECORDS)
WALLED = WatchedProcess("engine", "engine-0", 7, True, 2, True, 0, {"landlock": True})
VIEW = WatchView(
    now_unix=60, receipts_minute={"zero": 3}, receipts={"zero": 9, "default": 1}, receipts_pending=0,
    receipts_lost=0, capsules=1, refusals={"quota_exceeded": 2}, open_requests=1, running=1, waiting=0,
    assurance="strict", is_confined=True, missing=[], swap_total_kib=None, processes=[WALLED],
    log_origin="speech.example/log", log_size=10, log_root="A" * 44,
)  # fmt: skip


def crossed(record: Record) -> Record:
    data = REGISTRY.encode(record)
    return REGISTRY.decode(Frame(decode_header(data), data[HEADER.size :]))


@pytest.mark.parametrize("record", [AskWatch(), WALLED, VIEW], ids=lambda record: type(record).__name__)
def test_each_comes_out_of_the_operators_door_as_it_went_in(record: Record) -> None:
    assert crossed(record) == record


def test_a_word_of_anybody_is_no_code() -> None:
    with pytest.raises(EcholessError):
        crossed(msgspec.structs.replace(VIEW, refusals={"what a client said": 1}))


def test_none_holds_content() -> None:
    assert not any(record.IS_CONTENT for record in WATCH_RECORDS)


@pytest.mark.parametrize(
    "change",
    [{"seccomp_mode": 0}, {"seccomp_mode": 1}, {"seccomp_mode": None}, {"has_no_new_privs": False},
     {"has_no_new_privs": None}, {"self_reported": {"landlock": True, "allocator": False}}],
)  # fmt: skip
def test_a_wall_stands_only_where_everything_says_so(change: dict[str, object]) -> None:
    assert WALLED.is_walled
    assert not msgspec.structs.replace(WALLED, **change).is_walled
