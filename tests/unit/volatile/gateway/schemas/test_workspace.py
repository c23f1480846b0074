"""Queries and bodies of workspace, keys and usage."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.service_accounts import CreateKeyBody, EditKeyBody
from echoless.volatile.gateway.schemas.workspace import UsageQuery

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("permissions", ["some", ["UPPER"], ["x" * 65], 5, [""]])
def test_permissions_are_all_or_names_of_scopes(permissions: object) -> None:
    with pytest.raises(UnprocessableError):
        CreateKeyBody.checked({"name": "a", "permissions": permissions})


def test_members_of_a_change_may_be_left_alone_in_three_ways() -> None:
    for body in ({}, {"is_enabled": None}, {"is_enabled": "no_update"}):
        assert not isinstance(EditKeyBody.checked(body).is_enabled, bool)


@pytest.mark.parametrize("pair", [("start_unix", "-5"), ("end_unix", "1e99"), ("aggregation_bucket_size", "1")])
def test_times_and_buckets_have_bounds(pair: tuple[str, str]) -> None:
    with pytest.raises(UnprocessableError):
        UsageQuery.parse([("start_unix", "0"), ("end_unix", "1"), pair])
