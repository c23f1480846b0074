"""The operator's mail server, as it is declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_control import EgressConfig
from echoless.supervisor.config import ServerConfig, resolve_config
from echoless.supervisor.mail import MailSettings, mail_access
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.role_configs import ResolvedTLS, courier_count, may_resolve, role_config

pytestmark = pytest.mark.unit

GOOD: dict[str, Any] = {"host": "mail.example", "sender": "server@echoless.example"}


def test_a_password_is_read_from_its_file_and_given_to_the_courier_alone(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("correct horse\n")
    settings = MailSettings(**GOOD, user="echoless", password_file=str(path))
    config = ServerConfig(data=str(tmp_path), mail=settings)
    access = mail_access(config.mail)
    assert access is not None
    assert (access.password, access.port, access.security) == ("correct horse", 587, "starttls")
    told = role_config(config, Slot(Role.COURIER, 0), ResolvedTLS(), mail=access)
    assert isinstance(told, EgressConfig)
    assert (told.mail, told.connect_ports, told.is_courier, told.outbound) == (access, (587,), True, None)
    for role in (Role.GATEWAY, Role.ENGINE, Role.COURIER):
        forbidden = role_config(config, Slot(role, 0), ResolvedTLS(), mail=access).forbidden_paths  # type: ignore[union-attr]  # all but the vault's have them
        assert str(path) in forbidden
    assert "correct horse" not in repr(role_config(config, Slot(Role.VAULT, 0), ResolvedTLS(), mail=access))


@pytest.mark.parametrize("content", ["", " \n", "x" * 257, None])
def test_a_password_that_cannot_be_read_stops_the_start_and_names_the_file_only(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EcholessError) as caught:
        mail_access(MailSettings(**GOOD, user="u", password_file=str(path)))
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert str(path) in caught.value.public_description
    assert "xxx" not in caught.value.public_description


@pytest.mark.parametrize(
    "change",
    [
        {"security": "plain"}, {"security": "none"}, {"sender": "nobody"}, {"sender": "a@b\r\nBcc: c@d"},
        {"host": "mail example"}, {"user": "u"}, {"password_file": "/x"}, {"port": 0}, {"other": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MailSettings(**(GOOD | change))


def test_mail_in_the_clear_is_for_this_machine_only() -> None:
    assert MailSettings(**(GOOD | {"host": "127.0.0.1", "security": "plain"})).security == "plain"


def test_a_courier_runs_where_there_is_something_to_carry(tmp_path: Path) -> None:
    data = str(tmp_path)
    mail = MailSettings(**GOOD)
    declared: list[dict[str, Any]] = [{}, {"mail": mail}, {"webhooks": True}]
    assert [courier_count(ServerConfig(data=data, **more)) for more in declared] == [0, 1, 1]


def test_it_has_the_names_that_it_needs_resolved_and_no_others(tmp_path: Path) -> None:
    courier = Slot(Role.COURIER, 0)
    by_mail = ServerConfig(data=str(tmp_path), mail=MailSettings(**GOOD))
    assert [may_resolve(by_mail, courier, name) for name in ("mail.example", "hooks.example")] == [True, False]
    by_hook = ServerConfig(data=str(tmp_path), webhooks=True)
    assert may_resolve(by_hook, courier, "hooks.example")
    assert not may_resolve(by_mail, Slot(Role.VAULT, 0), "mail.example")


def test_mail_is_declared_in_a_file_and_by_no_variable() -> None:
    with pytest.raises(EcholessError, match="file of settings only"):
        resolve_config({}, {"ECHOLESS_MAIL": "host=x"})
