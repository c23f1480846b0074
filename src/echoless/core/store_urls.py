"""Where rows, keys and objects are, when they are not in the data directory: addresses of PostgreSQL and of S3.

An address never holds a secret: passwords and keys come from files, travel beside it, and are in no repr.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from echoless.core.errors import EcholessError, ErrorCode

_POSTGRES_PORT: Final = 5432
_DNS_PORT: Final = 53
_TLS_MODES: Final = ("verify-full", "disable")


@dataclass(frozen=True, slots=True)
class DatabaseURL:
    """A PostgreSQL database.

    is_tls: whether the server must prove its name; off by itself only on loopback
    """

    host: str
    port: int
    user: str
    name: str
    is_tls: bool
    password: str = field(default="", repr=False)
    ca_path: str = ""


@dataclass(frozen=True, slots=True)
class ObjectsURL:
    """A bucket of an S3 server, and the prefix that all our objects lie below.

    endpoint: scheme, host and port of the server
    prefix:   without slashes at its ends; may be empty
    """

    bucket: str
    prefix: str
    endpoint: str
    region: str
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    @property
    def is_plain(self) -> bool:
        """Whether it is reached without TLS."""
        return self.endpoint.startswith("http://")


@dataclass(frozen=True, slots=True)
class StorePlaces:
    """Where each store is; None for the data directory."""

    database: DatabaseURL | None = None
    keys: DatabaseURL | None = None
    objects: ObjectsURL | None = None

    def connect_ports(self) -> tuple[int, ...]:
        """Return the TCP ports that must be in reach: none where everything lies in the data directory."""
        ports = [place.port for place in (self.database, self.keys) if place is not None]
        if self.objects is not None:
            ports.append(_port_of(urlsplit(self.objects.endpoint)))
        if ports and self.has_host_names():
            ports.append(_DNS_PORT)
        return tuple(dict.fromkeys(ports))

    def has_host_names(self) -> bool:
        """Whether a name has to be looked up to reach a store."""
        hosts = [place.host for place in (self.database, self.keys) if place is not None]
        if self.objects is not None:
            hosts.append(urlsplit(self.objects.endpoint).hostname or "")
        return any(not _is_address(host) for host in hosts)


IN_DIRECTORY: Final = StorePlaces()


def parse_database_url(text: str, password: str = "", ca_path: str = "") -> DatabaseURL:
    """Read `postgresql://user@host:port/name?sslmode=verify-full|disable`.

    raises: EcholessError(CONFIGURATION) in words that repeat nothing of it
    """
    parts = _split(text)
    if parts.scheme not in ("postgresql", "postgres"):
        raise _refuse("a database is named as postgresql://user@host:port/name")
    if parts.password is not None:
        raise _refuse("a password may not stand in the address of a database: name a file that holds it")
    host, user, name = parts.hostname or "", unquote(parts.username or ""), unquote(parts.path.strip("/"))
    if not (host and user and name) or "/" in name:
        raise _refuse("the address of a database needs user, host and name")
    options = _options(parts, {"sslmode"})
    mode = options.get("sslmode", "disable" if _is_loopback(host) else "verify-full")
    if mode not in _TLS_MODES:
        raise _refuse("sslmode of a database is verify-full or disable")
    return DatabaseURL(host, _port_of(parts), user, name, mode != "disable", password, ca_path)


def parse_objects_url(text: str, key_id: str = "", secret: str = "") -> ObjectsURL:
    """Read `s3://bucket/prefix?region=...&endpoint=https://host:port`; without an endpoint it is Amazon's.

    raises: EcholessError(CONFIGURATION) in words that repeat nothing of it
    """
    parts = _split(text)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or ":" in parts.netloc:
        raise _refuse("objects are named as s3://bucket/prefix?region=...&endpoint=https://host")
    options = _options(parts, {"region", "endpoint"})
    region = options.get("region", "us-east-1")
    endpoint = options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    place = _split(endpoint)
    if place.scheme not in ("http", "https") or not place.hostname or place.username or place.path or place.query:
        raise _refuse("the endpoint of objects is https://host:port")
    if not (key_id and secret):
        raise _refuse("objects need objects_credentials_file: a line with the key id, a line with the secret")
    return ObjectsURL(parts.netloc, parts.path.strip("/"), endpoint, region, key_id, secret)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _port_of(parts)
    except ValueError:
        pass
    else:
        return parts
    raise _refuse("the address of a store cannot be read")


def _port_of(parts: SplitResult) -> int:
    usual = {"http": 80, "https": 443}
    return parts.port or usual.get(parts.scheme, _POSTGRES_PORT)


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if parts.fragment or not options.keys() <= known:
        raise _refuse("the address of a store knows no options but " + ", ".join(sorted(known)))
    return options


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _refuse(text: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, text)
