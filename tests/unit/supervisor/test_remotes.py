"""Declared remotes: what must be agreed before one may be enabled, and what each process is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import GatewayConfig
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.remotes import RemoteSettings, check_names, declared_remotes
from echoless.supervisor.role_configs import ResolvedTLS, egress_count, may_resolve, role_config

pytestmark = pytest.mark.unit
AGREED = {"by": "legal@example.org", "since": "2026-01-31"}


def settings(**more: Any) -> RemoteSettings:
    return RemoteSettings.model_validate(
        {"kind": "openai", "url": "https://speech.example", "no_training_agreed": AGREED} | more
    )


@pytest.mark.claim("Z20")
@pytest.mark.seed("S7")
def test_a_remote_without_the_agreement_not_to_train_cannot_be_enabled() -> None:
    """S7."""
    with pytest.raises(ValidationError, match="no_training_agreed"):
        settings(no_training_agreed=None)
    assert not settings(no_training_agreed=None, enabled=False).enabled
    for half in ({"by": "", "since": "2026-01-31"}, {"by": "x"}, {"since": "2026-01-31"}, True):
        with pytest.raises(ValidationError):
            settings(no_training_agreed=half)


@pytest.mark.claim("Z20")
def test_zero_retention_is_declared_or_it_is_not() -> None:
    (plain, declared) = declared_remotes(
        {"plain": settings(), "declared": settings(zero_retention_declared=AGREED)}
    )
    assert not plain.facts.is_zero_declared
    assert not plain.access.is_zero_declared
    assert declared.facts.is_zero_declared
    assert declared.access.is_zero_declared


@pytest.mark.parametrize(
    "url",
    [
        "speech.example",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?y=z",
        "http://speech.example",
        "http://10.0.0.1",
        "https://x:99999",
        "https://x:0",
        "https://x:port",
        "https://[x",
        "https://x#part",
    ],
)
def test_an_address_that_would_show_content_or_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(url=url)


def test_plain_http_is_for_this_machine_or_accepted_in_so_many_words() -> None:
    assert settings(url="http://127.0.0.1:8000").port == 8000
    assert settings(url="http://localhost").port == 80
    assert settings(url="http://10.0.0.1:8000", plain_http=True).host == "10.0.0.1"


def test_names_and_numbers_of_remotes_are_bounded() -> None:
    for names in (["UPPER"], [""], ["a b"], ["x" * 33], [f"r{index}" for index in range(17)]):
        with pytest.raises(ValueError, match="remote"):
            check_names({name: settings() for name in names})
    check_names({"upstream-2": settings()})


def test_history_can_be_probed_where_there_is_one() -> None:
    with pytest.raises(ValidationError, match="probe_history"):
        settings(probe_history=True)
    assert settings(kind="elevenlabs", probe_history=True).probe_history


def test_a_key_is_read_from_its_file_and_named_in_no_error(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-secret\n")
    (remote,) = declared_remotes({"one": settings(api_key_file=str(key))})
    assert remote.access.api_key == "sk-secret"
    for content in ("", "two words", "ü"):
        key.write_text(content)
        with pytest.raises(EcholessError) as caught:
            _ = remote.access
        assert caught.value.code is ErrorCode.CONFIGURATION
        assert "words" not in caught.value.public_description


def test_each_enabled_remote_has_a_process_and_what_clients_name_has_the_last() -> None:
    config = ServerConfig(
        data="/tmp", webhooks=True, outbound_ports="443,8443",
        remotes={
            "one": settings(), "off": settings(enabled=False),
            "two": settings(url="https://two.example:8443/base/"),
        },
    )  # fmt: skip
    assert egress_count(config) == 3
    access = tuple(remote.access for remote in declared_remotes(config.remotes))
    names = ("speech.example", "two.example", "files.example")
    allowed = [[may_resolve(config, Slot(Role.EGRESS, index), name) for name in names] for index in range(3)]
    assert allowed == [[True, False, False], [False, True, False], [True, True, True]]
    others = set(Role) - {Role.EGRESS, Role.COURIER}
    assert not any(may_resolve(config, Slot(role, 2), "files.example") for role in others)
    told = [role_config(config, Slot(Role.EGRESS, index), ResolvedTLS(), access) for index in range(3)]
    assert [each.connect_ports for each in told] == [(443,), (8443,), (443, 8443)]  # type: ignore[union-attr]  # egress
    assert [each.remote.url if each.remote else "" for each in told] == [  # type: ignore[union-attr]  # as above
        "https://speech.example", "https://two.example:8443/base", "",
    ]  # fmt: skip
    gateway = role_config(config, Slot(Role.GATEWAY, 0), ResolvedTLS(), access)
    assert isinstance(gateway, GatewayConfig)
    assert [remote.peer_name for remote in gateway.remotes] == ["egress-0", "egress-1"]
    assert gateway.outbound_peer == "egress-2"


def test_a_model_is_not_given_to_a_remote_that_is_not_there() -> None:
    models = {"eleven_flash_v2": "remote:one"}
    for remotes in ({}, {"two": settings()}, {"one": settings(enabled=False)}):
        with pytest.raises(ValidationError, match="model_engines"):
            ServerConfig(data="/tmp", model_engines=models, remotes=remotes)
    config = ServerConfig(
        data="/tmp", model_engines=models | {"eleven_flash_v2_5": "embedded"}, remotes={"one": settings()}
    )
    gateway = role_config(config, Slot(Role.GATEWAY, 0), ResolvedTLS())
    assert isinstance(gateway, GatewayConfig)
    assert gateway.model_engines == models


@pytest.mark.claim("Z7")
def test_no_process_that_sees_content_may_read_a_remotes_key(tmp_path: Path) -> None:
    """Each process tries to behind its wall, and reports it where it can."""
    key = tmp_path / "key"
    key.write_text("sk-secret")
    config = ServerConfig(data=str(tmp_path), remotes={"one": settings(api_key_file=str(key))})
    for role in (Role.GATEWAY, Role.ENGINE, Role.EGRESS):
        told = role_config(config, Slot(role, 0), ResolvedTLS(), (declared_remotes(config.remotes)[0].access,))
        assert str(key) in told.forbidden_paths  # type: ignore[union-attr]  # all but the vault's have them


def test_nobody_connects_out_unless_it_is_switched_on() -> None:
    config = ServerConfig(data="/tmp")
    assert egress_count(config) == 0
    gateway = role_config(config, Slot(Role.GATEWAY, 0), ResolvedTLS())
    assert isinstance(gateway, GatewayConfig)
    assert (gateway.outbound_peer, gateway.has_fetches, gateway.has_webhooks) == ("", False, False)
