"""Queries and bodies of members and logins."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from echoless.crossing.member_records import ADDRESSES_MAX
from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.members import (
    CallbackQuery,
    EditMemberBody,
    InviteBody,
    InviteManyBody,
    LoginBody,
    SignOnBody,
    UsageLimitBody,
)

pytestmark = pytest.mark.unit
ADDRESS = "ada@example.org"
SIGN_ON: dict[str, Any] = {"issuer": "https://i.test", "client_id": "c", "redirect_url": "https://r.test"}


def test_an_invitation_gives_the_least_unless_told() -> None:
    assert InviteBody.model_validate({"email": ADDRESS}).seat_type == "workspace_lite_member"
    assert SignOnBody.model_validate(SIGN_ON).default_role == "viewer"


@pytest.mark.parametrize(
    "body",
    [{"email": ""}, {"email": "a" * 255}, {"email": ADDRESS, "seat_type": "admin"},
     {"email": ADDRESS, "usage_limit": -1}, {"email": ADDRESS, "group_ids": ["../x"]}],
)  # fmt: skip
def test_what_does_not_fit_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        InviteBody.model_validate(body)


def test_many_are_at_least_one_and_bounded() -> None:
    assert len(InviteManyBody.model_validate({"emails": [ADDRESS] * ADDRESSES_MAX}).emails) == ADDRESSES_MAX
    for emails in ([], [ADDRESS] * (ADDRESSES_MAX + 1)):
        with pytest.raises(ValidationError):
            InviteManyBody.model_validate({"emails": emails})


def test_what_is_absent_or_null_stays() -> None:
    body = EditMemberBody.model_validate({"email": ADDRESS, "is_locked": None})
    assert (body.is_locked, body.workspace_seat_type) == (None, None)
    assert UsageLimitBody.model_validate({"usage_limit": None}).usage_limit is None
    assert UsageLimitBody.model_validate({"usage_limit": 0}).usage_limit == 0


def test_a_first_login_makes_no_administrator() -> None:
    with pytest.raises(ValidationError):
        SignOnBody.model_validate(SIGN_ON | {"default_role": "admin"})


def test_a_fault_never_repeats_the_password() -> None:
    with pytest.raises(UnprocessableError) as caught:
        LoginBody.checked({"email": ADDRESS, "password": "canary" * 50})
    assert "canary" not in repr(caught.value.fields)
    assert "canary" not in repr(LoginBody.model_validate({"email": ADDRESS, "password": "canary"}))


def test_who_comes_back_brings_a_state_at_least() -> None:
    query = CallbackQuery.parse([("state", "s"), ("error", "access_denied")])
    assert (query.state, query.code) == ("s", None)
    with pytest.raises(UnprocessableError):
        CallbackQuery.parse([("code", "c")])
