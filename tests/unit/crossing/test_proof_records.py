"""Records of proofs: bounded, and none of them is content."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.crossing.proof_records import PROOF_RECORDS, Inclusion, PolicyChangePage, PolicyChangeView
from echoless.crossing.records import Record
from tests.fakes.record_strategies import records
from tests.unit.crossing.test_receipt_records import arrive

pytestmark = pytest.mark.unit


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("record_type", PROOF_RECORDS)
def test_every_record_arrives_as_it_was_sent_and_is_no_content(
    record_type: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(record_type))
    assert arrive(record, record_type) == record
    assert not record.IS_CONTENT


def test_what_is_too_long_does_not_arrive() -> None:
    change = PolicyChangeView(1, "x", b"")
    for record in (Inclusion(0, "x" * 70_000, []), Inclusion(0, "", [b""] * 65), PolicyChangePage([change] * 101)):
        with pytest.raises(EcholessError):
            arrive(record, type(record))
