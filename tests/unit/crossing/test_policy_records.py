"""Records of policy."""

from __future__ import annotations

import pytest

from echoless.crossing.policy_records import POLICY_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS

pytestmark = pytest.mark.unit


def test_records_of_policy_may_arrive_from_gateways_and_none_is_content() -> None:
    assert set(POLICY_RECORDS) <= set(QUERY_RECORDS)
    assert not [record for record in POLICY_RECORDS if record.IS_CONTENT]
    assert all(360 <= record.KIND <= 379 for record in POLICY_RECORDS)
