"""What a change makes of a key, and whether the one that asks may make it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.query_records import EditKey
from echoless.retention.decision import RetentionMode
from echoless.vault.queries.key_changes import changed_key, check_within, widens
from echoless.vault.stores.accounts import ApiKey
from echoless.vault.stores.networks import networks_of

pytestmark = pytest.mark.unit
BARE = ApiKey("k", "w", "s", "n", "hint", b"d", 0)
BOUND = replace(
    BARE, scopes=frozenset({"user_read"}), character_limit=0, expires_unix=1000, retention=RetentionMode.ZERO,
    allowed_networks=networks_of(["192.0.2.0/24"]), concurrency_limits={"speech": 2}, is_disabled=True,
    ended_unix=1001,
)  # fmt: skip
WIDER: list[dict[str, Any]] = [
    {"is_enabled": True}, {"has_all_scopes": True}, {"scopes": ["user_read", "user_write"]},
    {"clears_character_limit": True}, {"character_limit": 1}, {"clears_expires": True}, {"expires_unix": 1001},
    {"expires_unix": 900}, {"retention": RetentionMode.DEFAULT}, {"clears_allowed_networks": True},
    {"allowed_networks": ["192.0.2.0/23"]}, {"concurrency_limits": {"speech": 3}},
    {"concurrency_limits": {"speech": 0}},
]  # fmt: skip
NARROWER: list[dict[str, Any]] = [
    {"is_enabled": False}, {"scopes": []}, {"character_limit": 0}, {"retention": RetentionMode.ZERO},
    {"allowed_networks": ["192.0.2.0/25"]}, {"concurrency_limits": {"speech": 1, "music": 1}}, {"name": "other"},
    {"self_disabling": False},
]  # fmt: skip


def edited(key: ApiKey, **changes: Any) -> ApiKey:
    return changed_key(key, EditKey("s", "k", **changes))


@pytest.mark.parametrize("changes", WIDER)
def test_whatever_lets_a_key_do_more_widens_it(changes: dict[str, Any]) -> None:
    assert widens(BOUND, edited(BOUND, **changes))


@pytest.mark.parametrize("changes", NARROWER)
def test_whatever_takes_from_a_key_does_not(changes: dict[str, Any]) -> None:
    assert not widens(BOUND, edited(BOUND, **changes))
    assert not widens(BARE, edited(BARE, **changes))


@pytest.mark.claim("Z3")
@pytest.mark.parametrize(
    ("own", "wanted", "param"),
    [
        ({"scopes": frozenset({"user_read"})}, {}, "permissions"),
        ({"retention": RetentionMode.ZERO}, {}, "retention"),
        ({"character_limit": 5}, {"character_limit": 5}, "character_limit"),
        ({"expires_unix": 9}, {"expires_unix": 10}, "expires_at_unix"),
        ({"expires_unix": 9}, {}, "expires_at_unix"),
        ({"allowed_networks": networks_of(["192.0.2.1"])}, {}, "allowed_ips"),
        (
            {"allowed_networks": networks_of(["192.0.2.1"])}, {"allowed_networks": networks_of(["192.0.2.0/30"])},
            "allowed_ips",
        ),
        ({"concurrency_limits": {"speech": 2}}, {}, "tts_concurrency_limit"),
        ({"concurrency_limits": {"music": 2}}, {"concurrency_limits": {"music": 3}}, "music_concurrency_limit"),
    ],
)  # fmt: skip
def test_no_key_gives_what_it_does_not_have(own: dict[str, Any], wanted: dict[str, Any], param: str) -> None:
    with pytest.raises(EcholessError) as caught:
        check_within(replace(BARE, **own), replace(BARE, **wanted))
    assert (caught.value.code, caught.value.param) == (ErrorCode.MISSING_PERMISSIONS, param)
    check_within(BARE, replace(BARE, **wanted))
    check_within(replace(BARE, **own), replace(BARE, **(own | {"character_limit": 0})))


def test_limits_of_one_kind_leave_the_others() -> None:
    key = edited(BARE, concurrency_limits={"speech": 2, "music": 1})
    assert edited(key, concurrency_limits={"speech": 0}).concurrency_limits == {"music": 1}
    assert edited(edited(key, concurrency_limits={"speech": 0}), concurrency_limits={"music": 0}) == BARE


@pytest.mark.parametrize("limits", [{"hearing": 2}, {"speech": 10_001}, {"": 1}])
def test_a_limit_of_a_kind_that_keys_do_not_have_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(EcholessError):
        edited(BARE, concurrency_limits=limits)
