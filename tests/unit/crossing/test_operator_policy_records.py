"""Records of the operator's door that set what binds a workspace."""

from __future__ import annotations

import pytest

from echoless.crossing.operator_policy_records import OPERATOR_POLICY_RECORDS, SetEntitlement, SetTier
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS

pytestmark = pytest.mark.unit


@pytest.mark.claim("Z23")
def test_entitlement_and_tier_come_through_the_operators_door_only() -> None:
    """No gateway can say them, whatever it is made to do."""
    assert set(OPERATOR_POLICY_RECORDS) <= set(OPERATOR_RECORDS)
    assert not {SetEntitlement, SetTier} & set(QUERY_RECORDS)
    own = [record for record in OPERATOR_POLICY_RECORDS if record not in QUERY_RECORDS]
    assert all(360 <= record.KIND <= 379 for record in own)
