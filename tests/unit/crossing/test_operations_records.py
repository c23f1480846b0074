"""Records of operation cross and have bounds."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.operations_records import (
    OPERATIONS_RECORDS,
    AskReadiness,
    MetricsPage,
    ProcessCounts,
    Readiness,
    ReadMetrics,
)
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import HEADER, Frame, decode_header

pytestmark = pytest.mark.unit
REGISTRY = RecordRegistry((*OPERATIONS_RECORDS, ProcessCounts))


def crossed(record: Record) -> Record:
    data = REGISTRY.encode(record)
    return REGISTRY.decode(Frame(decode_header(data), data[HEADER.size :]))


@pytest.mark.parametrize(
    "record",
    [
        AskReadiness(),
        Readiness(is_starting=True, is_store_failing=False, is_confined=True),
        ReadMetrics(),
        MetricsPage(b"echoless_build_info 1\n"),
        ProcessCounts({"vault": 1}, {"engine": 3}),
    ],
    ids=lambda record: type(record).__name__,
)
def test_each_comes_out_as_it_went_in(record: Record) -> None:
    assert crossed(record) == record


@pytest.mark.parametrize(
    "record",
    [ProcessCounts({"no code!": 1}, {}), ProcessCounts({"vault": -1}, {}), MetricsPage(bytes(600 * 1024))],
    ids=["role", "count", "size"],
)
def test_what_is_out_of_bounds_does_not_decode(record: Record) -> None:
    with pytest.raises(EcholessError):
        crossed(record)


def test_none_of_them_carries_content() -> None:
    assert not any(record.IS_CONTENT for record in (*OPERATIONS_RECORDS, ProcessCounts))
    assert all(issubclass(record, msgspec.Struct) for record in OPERATIONS_RECORDS)
