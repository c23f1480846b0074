"""What an engine tells of a failure is content, has a bound, and no vault knows it."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS, JobDiagnosis
from echoless.crossing.moderation_records import MODERATION_RECORDS
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS
from echoless.crossing.records import RecordRegistry, core_registry
from echoless.crossing.socket_records import SOCKET_RECORDS
from echoless.crossing.told_errors import FAILURE_BYTES_MAX
from echoless.crossing.wire import HEADER, Frame, decode_header

pytestmark = pytest.mark.unit
REGISTRY = RecordRegistry(DIAGNOSIS_RECORDS)


def crossed(record: JobDiagnosis) -> object:
    data = REGISTRY.encode(record)
    header = decode_header(data)
    assert header.is_content
    return REGISTRY.decode(Frame(header, data[HEADER.size :]))


def test_it_comes_out_as_it_went_in_flagged_as_content() -> None:
    assert crossed(JobDiagnosis(b"{}")) == JobDiagnosis(b"{}")
    assert "{}" not in repr(JobDiagnosis(b"{}"))


def test_one_that_is_too_long_does_not_arrive() -> None:
    with pytest.raises(EcholessError):
        crossed(JobDiagnosis(bytes(FAILURE_BYTES_MAX + 1)))


@pytest.mark.claim("Z35")
def test_no_link_to_the_vault_knows_it() -> None:
    vault = core_registry(QUERY_RECORDS, SOCKET_RECORDS, MODERATION_RECORDS)
    assert JobDiagnosis not in (*vault.record_types, *OPERATOR_RECORDS)
