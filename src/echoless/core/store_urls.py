"""Where rows, keys and objects are, when they are not in the data directory: addresses of PostgreSQL and of S3.

An address never holds a secret: passwords and keys come from files, travel beside it, and are in no repr.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from echoless.core.errors import EcholessError, ErrorCode

_POSTGRES_PORT: Final = 5432
_DNS_PORT: Final = 53
_PORT_MAX: Final = 65_535
# The parts of RFC 3986 that an address of a store has. The library's own parser keeps what it has parsed.
_ADDRESS: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:(?P<user>[^\s:@/?#\[\]]*)(?P<password>:[^\s@/?#\[\]]*)?@)?"
    r"(?:\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s:@/?#\[\]]*))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^\s?#]*)?(?:\?(?P<query>[^\s#]*))?"
)
_TLS_MODES: Final = ("verify-full", "disable")


@dataclass(frozen=True, slots=True)
class _Address:
    """The parts of an address; empty where it has none."""

    scheme: str
    user: str
    has_password: bool
    host: str
    port: int | None
    path: str
    query: str

    @property
    def port_or_usual(self) -> int:
        usual = {"http": 80, "https": 443}
        return self.port or usual.get(self.scheme, _POSTGRES_PORT)


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
            ports.append(_split(self.objects.endpoint).port_or_usual)
        if ports and self.has_host_names():
            ports.append(_DNS_PORT)
        return tuple(dict.fromkeys(ports))

    def has_host_names(self) -> bool:
        """Whether a name has to be looked up to reach a store."""
        hosts = [place.host for place in (self.database, self.keys) if place is not None]
        if self.objects is not None:
            hosts.append(_split(self.objects.endpoint).host)
        return any(not _is_address(host) for host in hosts)


IN_DIRECTORY: Final = StorePlaces()


def parse_database_url(text: str, password: str = "", ca_path: str = "") -> DatabaseURL:
    """Read `postgresql://user@host:port/name?sslmode=verify-full|disable`.

    raises: EcholessError(CONFIGURATION) in words that repeat nothing of it
    """
    parts = _split(text)
    if parts.scheme not in ("postgresql", "postgres"):
        raise _refuse("a database is named as postgresql://user@host:port/name")
    if parts.has_password:
        raise _refuse("a password may not stand in the address of a database: name a file that holds it")
    host, user, name = parts.host, unquote(parts.user), unquote(parts.path.strip("/"))
    if not (host and user and name) or "/" in name:
        raise _refuse("the address of a database needs user, host and name")
    options = _options(parts, {"sslmode"})
    mode = options.get("sslmode", "disable" if _is_loopback(host) else "verify-full")
    if mode not in _TLS_MODES:
        raise _refuse("sslmode of a database is verify-full or disable")
    return DatabaseURL(host, parts.port_or_usual, user, name, mode != "disable", password, ca_path)


def parse_objects_url(text: str, key_id: str = "", secret: str = "") -> ObjectsURL:
    """Read `s3://bucket/prefix?region=...&endpoint=https://host:port`; without an endpoint it is Amazon's.

    raises: EcholessError(CONFIGURATION) in words that repeat nothing of it
    """
    parts = _split(text)
    if parts.scheme != "s3" or not parts.host or parts.user or parts.has_password or parts.port is not None:
        raise _refuse("objects are named as s3://bucket/prefix?region=...&endpoint=https://host")
    options = _options(parts, {"region", "endpoint"})
    region = options.get("region", "us-east-1")
    endpoint = options.get("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    place = _split(endpoint)
    is_bare = not (place.user or place.has_password or place.path or place.query)
    if place.scheme not in ("http", "https") or not place.host or not is_bare:
        raise _refuse("the endpoint of objects is https://host:port")
    if not (key_id and secret):
        raise _refuse("objects need objects_credentials_file: a line with the key id, a line with the secret")
    return ObjectsURL(parts.host, parts.path.strip("/"), endpoint, region, key_id, secret)


def _split(text: str) -> _Address:
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"]) if found is not None and found["port"] else None
    if found is None or port == 0 or (port or 0) > _PORT_MAX:
        raise _refuse("the address of a store cannot be read")
    return _Address(
        scheme=found["scheme"], user=found["user"] or "", has_password=found["password"] is not None,
        host=(found["literal"] or found["name"] or "").lower(), port=port, path=found["path"] or "",
        query=found["query"] or "",
    )  # fmt: skip


def _options(parts: _Address, known: set[str]) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options.keys() <= known:
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
