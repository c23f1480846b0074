"""How texts are checked, as the operator sets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from echoless.core.errors import EcholessError
from echoless.crossing.control import GatewayConfig, VaultConfig
from echoless.supervisor.config import ServerConfig, resolve_config
from echoless.supervisor.moderation import ModerationSettings
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.remotes import RemoteSettings
from echoless.supervisor.role_configs import ResolvedTLS, role_config

pytestmark = pytest.mark.unit


def remote(kind: str = "openai", **more: Any) -> RemoteSettings:
    agreed = {"by": "legal@example.org", "since": "2026-01-31"}
    return RemoteSettings.model_validate(
        {"kind": kind, "url": "https://judge.example", "no_training_agreed": agreed, **more}
    )


def gateway_of(config: ServerConfig) -> GatewayConfig:
    told = role_config(config, Slot(Role.GATEWAY, 0), ResolvedTLS())
    assert isinstance(told, GatewayConfig)
    return told


def test_texts_are_checked_unless_told_otherwise(tmp_path: Path) -> None:
    rules = gateway_of(ServerConfig(data=str(tmp_path))).moderation
    assert rules is not None
    assert (rules.rules_path, rules.remote, rules.refuses_unchecked) == ("", "", True)
    off = ServerConfig(data=str(tmp_path), moderation=ModerationSettings(enabled=False))
    assert gateway_of(off).moderation is None


def test_gateways_hear_of_rules_and_judge_and_the_vault_of_what_follows(tmp_path: Path) -> None:
    settings = ModerationSettings.model_validate(
        {
            "rules_file": "rules.toml", "model": "remote:judge", "when_unavailable": "pass", "refuse": ["hate"],
            "flags_max": 9, "severe_max": 2, "window_days": 30,
        }
    )  # fmt: skip
    config = ServerConfig(data=str(tmp_path), moderation=settings, remotes={"judge": remote()})
    rules = gateway_of(config).moderation
    assert rules is not None
    assert (rules.remote, rules.refused, rules.refuses_unchecked) == ("judge", ("hate",), False)
    assert Path(rules.rules_path).is_absolute()
    vault = role_config(config, Slot(Role.VAULT, 0), ResolvedTLS())
    assert isinstance(vault, VaultConfig)
    assert (vault.moderation_flags_max, vault.moderation_severe_max, vault.moderation_window_days) == (9, 2, 30)


@pytest.mark.parametrize(
    "remotes", [{}, {"other": remote()}, {"judge": remote("elevenlabs")}, {"judge": remote(enabled=False)}]
)
def test_the_judge_is_a_remote_that_the_registry_lets_work(tmp_path: Path, remotes: dict[str, Any]) -> None:
    settings = ModerationSettings(model="remote:judge")
    with pytest.raises(ValidationError, match=r"moderation\.model"):
        ServerConfig(data=str(tmp_path), moderation=settings, remotes=remotes)


@pytest.mark.parametrize(
    "change",
    [{"refuse": ["nonsense"]}, {"flags_max": -1}, {"window_days": 0}, {"when_unavailable": "maybe"}, {"x": 1}],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModerationSettings.model_validate(change)


def test_it_is_set_in_a_file_and_by_no_variable() -> None:
    with pytest.raises(EcholessError, match="file of settings only"):
        resolve_config({}, {"ECHOLESS_MODERATION": "enabled=false"})
