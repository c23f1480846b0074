"""Records of backups: numbers, ids and words of ours."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.backup_records import BACKUP_RECORDS, BackupList, BackupState, BackupView, RunBackup
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.records import Record, RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit
STATE = BackupState(True, True, 1, "archive", 500, 2, 1_800_000_000, 1_700_000_000, 10, 0, "", 0)


def arrive(record: Record) -> object:
    data = encode_frame(record.KIND, msgspec.msgpack.encode(record))
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(BACKUP_RECORDS).decode(frame)


def test_they_are_the_operators() -> None:
    assert set(BACKUP_RECORDS) <= set(OPERATOR_RECORDS)


def test_they_arrive_as_they_were_sent() -> None:
    view = BackupView("s" * 20, "0" * 16, 1, 2, 3, 4, 5, 6)
    for record in (RunBackup(), STATE, BackupList([view, view])):
        assert arrive(record) == record


def test_a_step_that_is_no_code_is_refused() -> None:
    with pytest.raises(EcholessError):
        arrive(msgspec.structs.replace(STATE, step="what was said"))
