"""Addresses on the web, taken apart without a library's cache: an address that a client named is content.

Only what can be connected to is accepted: no credentials, no fragment, no white space, http and https alone.
source: RFC 3986, sections 3 and 5.2
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from echoless.core.errors import EcholessError, ErrorCode

URL_CHARACTERS_MAX: Final = 8192
_PORTS: Final = {"https": 443, "http": 80}
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?#\\]+)(?P<rest>(?:[/?][^#]*)?)(#.*)?", re.IGNORECASE
)
_AUTHORITY: Final = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^:@\[\]]+))(?::(?P<port>[0-9]{1,5}))?")
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f]")
_SAFE: Final = "!$%&'()*+,-./:;=?@_~"


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """What to connect to and what to ask for; it prints as nothing."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_plain(self) -> bool:
        """Whether the connection would be in the clear."""
        return self.scheme == "http"

    @property
    def host_header(self) -> str:
        """The value of the Host header."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"


def parse_target(url: str) -> Target:
    """Take an address apart.

    raises: EcholessError(INVALID_PARAMETERS) for anything but http:// or https:// with a host
    """
    match = None if _is_unfit(url) else _URL.fullmatch(url)
    authority = _AUTHORITY.fullmatch(match["authority"]) if match else None
    if match is None or authority is None:
        raise _refusal()
    scheme = match["scheme"].lower()
    port = int(authority["port"] or _PORTS[scheme])
    if not 1 <= port <= 65535:
        raise _refusal()
    return Target(scheme, authority["six"] or _host(authority["host"]), port, _path(match["rest"]))


def redirect_target(before: Target, location: str) -> Target:
    """Return where a redirect leads; one that is relative starts from the address before it.

    raises: as `parse_target`
    """
    origin = f"{before.scheme}://{before.host_header}"
    if _is_unfit(location):
        raise _refusal()
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", location):
        return parse_target(location)
    if location.startswith("//"):
        return parse_target(f"{before.scheme}:{location}")
    if location.startswith("/"):
        return parse_target(origin + location)
    path = before.path.partition("?")[0]
    if location.startswith("?"):
        return parse_target(origin + path + location)
    return parse_target(f"{origin}{path.rpartition('/')[0]}/{location}")


def _is_unfit(text: str) -> bool:
    return not text or len(text) > URL_CHARACTERS_MAX or _UNPRINTABLE.search(text) is not None


def _host(text: str) -> str:
    host = text.lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = ""
    if _HOST.fullmatch(host) is None or len(host) > 253:
        raise _refusal()
    return host


def _path(rest: str) -> str:
    path = rest if rest.startswith("/") else f"/{rest}"
    return quote(path, safe=_SAFE)


def _refusal() -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, "The address is not a valid https:// address.")
