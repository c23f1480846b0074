"""The operator's mail server: how notices reach people by e-mail."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_control import MailAccess

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
)
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}")
_PASSWORD_MAX: Final = 256


class MailSettings(BaseModel):
    """One mail server, as its operator declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1, max_length=253)
    sender: str = Field(min_length=3, max_length=256)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "plain"] = "starttls"
    user: str = Field(default="", max_length=256)
    password_file: str | None = None

    @model_validator(mode="after")
    def _check_together(self) -> MailSettings:
        if _HOST.fullmatch(self.host) is None:
            raise ValueError("host must be the name or the address of a mail server")
        if _ADDRESS.fullmatch(self.sender) is None:
            raise ValueError("sender must be the one e-mail address that messages come from")
        if self.security == "plain" and self.host not in _LOOPBACK:
            raise ValueError("plain would show codes and addresses to the network: it is for loopback only")
        if bool(self.user) is not (self.password_file is not None):
            raise ValueError("user and password_file belong together: give both or neither")
        return self


def mail_access(settings: MailSettings | None) -> MailAccess | None:
    """Return what the courier must know, None where there is no mail server.

    raises: EcholessError(CONFIGURATION) when the file of the password cannot be read, naming the file only
    """
    if settings is None:
        return None
    password = "" if settings.password_file is None else _read_password(Path(settings.password_file))
    return MailAccess(
        settings.host, settings.port, settings.security, settings.user, password, settings.sender
    )  # fmt: skip


def _read_password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        password = ""
    if not 0 < len(password) <= _PASSWORD_MAX:
        raise EcholessError(
            ErrorCode.CONFIGURATION, f"mail.password_file: {path} cannot be read or holds no password"
        )
    return password
