"""Nobody makes a member who may do more than they may themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.retention.decision import RetentionMode
from echoless.vault.identity.granting import check_may_grant, role_named
from echoless.vault.stores.accounts import ApiKey
from echoless.vault.stores.networks import networks_of
from echoless.vault.stores.roles import SCOPES_BY_ROLE, MemberRole

pytestmark = pytest.mark.unit
ALL = ApiKey("k", "w", "s", "name", "hint", b"digest", 5)


@pytest.mark.parametrize("role", MemberRole)
def test_who_may_do_everything_gives_every_role(role: MemberRole) -> None:
    check_may_grant(ALL, role)


@pytest.mark.parametrize("own", MemberRole)
@pytest.mark.parametrize("wanted", MemberRole)
def test_a_role_is_given_by_its_equals_and_those_above(own: MemberRole, wanted: MemberRole) -> None:
    order = list(MemberRole)
    key = replace(ALL, scopes=SCOPES_BY_ROLE[own])
    if order.index(own) <= order.index(wanted):
        check_may_grant(key, wanted)
        return
    with pytest.raises(EcholessError) as caught:
        check_may_grant(key, wanted)
    assert caught.value.code is ErrorCode.MISSING_PERMISSIONS


@pytest.mark.parametrize(
    "bound",
    [{"character_limit": 10**9}, {"expires_unix": 2**40}, {"retention": RetentionMode.ZERO},
     {"allowed_networks": networks_of(["192.0.2.0/24"])}],
    ids=lambda bound: next(iter(bound)),
)  # fmt: skip
def test_a_bound_cannot_be_left_by_making_a_member(bound: dict[str, Any]) -> None:
    with pytest.raises(EcholessError) as caught:
        check_may_grant(replace(ALL, **bound), MemberRole.VIEWER)
    assert caught.value.code is ErrorCode.MISSING_PERMISSIONS


def test_another_word_is_no_role() -> None:
    assert role_named("editor") is MemberRole.EDITOR
    with pytest.raises(EcholessError):
        role_named("owner")
