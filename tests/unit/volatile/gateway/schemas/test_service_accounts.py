"""Bodies of service accounts and their keys."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.service_accounts import (
    CreateKeyBody,
    DisableKeyQuery,
    EditKeyBody,
    SelfDisablingBody,
    ServiceAccountBody,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("word", ["clear", "no_update", "unlimited"])
@pytest.mark.parametrize("name", ["character_limit", "expires_at_unix", "allowed_ips", "tts_concurrency_limit"])
def test_a_change_may_take_a_bound_away_or_leave_it(name: str, word: str) -> None:
    assert getattr(EditKeyBody.checked({name: word}), name) == word


def test_null_is_absent() -> None:
    names = ("allowed_ips", "expires_at_unix", "retention", "character_limit")
    body = CreateKeyBody.checked({"name": "a", "permissions": "all", **dict.fromkeys(names)})
    assert [getattr(body, name) for name in names] == [None] * 4


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        (ServiceAccountBody, {"name": ""}), (CreateKeyBody, {"name": "a"}), (SelfDisablingBody, {}),
        (CreateKeyBody, {"name": "a", "permissions": "all", "retention": "none"}),
        (EditKeyBody, {"allowed_ips": ["here; or there"]}), (EditKeyBody, {"character_limit": "lots"}),
        (DisableKeyQuery, {"api_key_name": "other"}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(schema: Any, values: dict[str, object]) -> None:
    with pytest.raises(UnprocessableError):
        schema.checked(values)
