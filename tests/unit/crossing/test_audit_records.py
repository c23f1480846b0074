"""Records of audits arrive as they were sent, are no content, and have no room for words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.audit_records import AUDIT_RECORDS, SignAudit
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.records import Record
from tests.fakes.record_strategies import records
from tests.unit.crossing.test_receipt_records import arrive

pytestmark = pytest.mark.unit


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("record_type", AUDIT_RECORDS)
def test_every_record_arrives_as_it_was_sent_and_is_no_content(
    record_type: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(record_type))
    assert arrive(record, record_type) == record
    assert not record.IS_CONTENT


def test_they_are_the_operators_and_nobody_elses() -> None:
    assert set(AUDIT_RECORDS) <= set(OPERATOR_RECORDS)


@pytest.mark.parametrize("digest", ["", "words of somebody", "0F" * 32, "0f" * 33])
def test_what_is_no_digest_does_not_arrive(digest: str) -> None:
    with pytest.raises(EcholessError):
        arrive(SignAudit(digest, True, "own", 1, 0), SignAudit)
