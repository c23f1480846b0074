"""Where the vault's stores are, as the settings say it; what opens them is read from files and shown nowhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Protocol

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import parse_database_url, parse_objects_url
from echoless.crossing.control import StoreAccess

_CREDENTIAL_LINES: Final = 2
_CHECKED: Final = "checked"


class StoreSettings(Protocol):
    """The settings of stores that do not lie in the data directory; empty or None for those that do."""

    @property
    def database_url(self) -> str:
        """Address of the main database."""

    @property
    def database_password_file(self) -> str | None:
        """Holds its password."""

    @property
    def keys_url(self) -> str:
        """Address of the database of keys."""

    @property
    def keys_password_file(self) -> str | None:
        """Holds its password."""

    @property
    def databases_ca_file(self) -> str | None:
        """Certificates that databases are proved by."""

    @property
    def objects_url(self) -> str:
        """Address of the objects."""

    @property
    def objects_credentials_file(self) -> str | None:
        """Holds key id and secret, a line each."""


def check_stores(settings: StoreSettings) -> None:
    """See that the addresses can be meant; no file is read.

    raises: ValueError in words that repeat nothing of them
    """
    reason = ""
    try:
        for url in filter(None, (settings.database_url, settings.keys_url)):
            parse_database_url(url)
        if settings.objects_url:
            key = _CHECKED if settings.objects_credentials_file else ""
            parse_objects_url(settings.objects_url, key, key)
    except EcholessError as error:
        reason = error.public_description
    if reason:
        raise ValueError(reason)
    if settings.keys_url and not settings.database_url:
        raise ValueError("keys_url is for a vault whose database_url is set too")


def store_access(settings: StoreSettings) -> StoreAccess:
    """Return where the stores are, with what opens them.

    raises: EcholessError(CONFIGURATION) naming a file that cannot be read
    """
    key_id, secret = "", ""
    if settings.objects_url and settings.objects_credentials_file:
        lines = _read("objects_credentials_file", settings.objects_credentials_file).split()
        if len(lines) != _CREDENTIAL_LINES:
            raise _refuse("objects_credentials_file holds two lines: the key id, and the secret")
        key_id, secret = lines
    return StoreAccess(
        database_url=settings.database_url,
        database_password=_read("database_password_file", settings.database_password_file),
        keys_url=settings.keys_url,
        keys_password=_read("keys_password_file", settings.keys_password_file),
        objects_url=settings.objects_url,
        objects_key_id=key_id,
        objects_secret=secret,
        ca_path=str(Path(settings.databases_ca_file).resolve()) if settings.databases_ca_file else "",
    )


def _read(name: str, path: str | None) -> str:
    if path is None:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    except UnicodeDecodeError:
        reason = "it is no text"
    raise _refuse(f"cannot read {name}: {reason}")


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text)
