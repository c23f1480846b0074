"""(0) What line and headers alone say: which endpoint, which switch, which credential.

Nothing here keeps a cache keyed by what clients send; the standard library's `urlsplit` would.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from echoless.core.errors import EcholessError, ErrorCode
from echoless.retention.decision import Switch
from echoless.retention.endpoints import Endpoint

Headers = Iterable[tuple[bytes, bytes]]
_QUERY_FIELDS_MAX: Final = 256
_NAME_CHARACTERS_MAX: Final = 256
_CONTENT_TYPE_MAX: Final = 512
_ADDRESS_MAX: Final = 64
_READ: Final = frozenset(
    {
        b"content-length", b"content-type", b"transfer-encoding", b"origin", b"upgrade", b"host",
        b"x-forwarded-proto", b"x-forwarded-for",
    }
)  # fmt: skip
_SWITCH: Final = "enable_logging"
_SWITCH_VALUES: Final = {
    "true": Switch.LOGGING_ON,
    "1": Switch.LOGGING_ON,
    "false": Switch.LOGGING_OFF,
    "0": Switch.LOGGING_OFF,
}
# Other spellings of the switch: their sender believes that they take effect. Compared letter by letter, so that no
# bracket, prefix, separator or doubled encoding hides one.
_TELLING_PARTS: Final = ("enablelogging", "disablelogging", "zeroretention", "echolessretention")
_TELLING_WORDS: Final = frozenset({"logging", "nologging", "retention", "retentionmode", "zrm"})
_NO_LETTERS: Final = re.compile(r"%(?:25)*[0-9A-Fa-f]{2}|[^A-Za-z]+")


# A name or an address with its port, as links may hold it.
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def looks_like_switch(key: str) -> bool:
    """Say whether a key is the switch or one of the spellings that people take for it."""
    # Full-width letters and their like are read as the letters that they show.
    shown = key if key.isascii() else unicodedata.normalize("NFKC", key)
    letters = _NO_LETTERS.sub("", shown).lower()
    return letters in _TELLING_WORDS or any(part in letters for part in _TELLING_PARTS)


def _hides_switch(value: str) -> bool:
    """Say whether a value has swallowed the switch, as behind `;` or a second `?`. A word alone is only a word."""
    return ("=" in value or ":" in value) and looks_like_switch(value)


@dataclass(frozen=True, slots=True)
class Match:
    """What a path matched.

    endpoint:   the row for the method, or any row of that path where the method has none
    values:     the decoded values of the template's parameters, in order
    allowed:    the methods that the path has
    is_allowed: whether the method has a row
    """

    endpoint: Endpoint
    values: tuple[str, ...] = field(repr=False)
    allowed: tuple[str, ...]
    is_allowed: bool


class _Node:
    """One step of the tree of templates."""

    __slots__ = ("children", "endpoints", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.endpoints: dict[str, Endpoint] = {}


class EndpointMatcher:
    """Finds the row of the endpoint table that a request line means. Literal segments win over parameters."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._root = _Node()
        for endpoint in endpoints:
            node = self._root
            for segment in endpoint.template.strip("/").split("/"):
                if segment.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.children.setdefault(segment, _Node())
            node.endpoints[endpoint.method] = endpoint

    def match(self, method: str, raw_path: bytes) -> Match | None:
        """Return what a path means, or None where there is nothing.

        raw_path: as it came, percent-encoded; one slash at the end is forgiven
        """
        segments = [unquote_to_bytes(part).decode("utf-8", "replace") for part in raw_path.split(b"/")[1:]]
        if len(segments) > 1 and not segments[-1]:
            segments.pop()
        found: list[tuple[_Node, tuple[str, ...]]] = []
        if len(segments) <= 16:
            self._collect(self._root, segments, (), found)
        for node, values in found:
            if method in node.endpoints:
                return Match(node.endpoints[method], values, tuple(node.endpoints), is_allowed=True)
        for node, values in found:
            return Match(next(iter(node.endpoints.values())), values, tuple(node.endpoints), is_allowed=False)
        return None

    def _collect(
        self, node: _Node, segments: list[str], values: tuple[str, ...], found: list[tuple[_Node, tuple[str, ...]]]
    ) -> None:
        if not segments:
            if node.endpoints:
                found.append((node, values))
            return
        head, rest = segments[0], segments[1:]
        if head in node.children:
            self._collect(node.children[head], rest, values, found)
        if node.parameter is not None and head:
            self._collect(node.parameter, rest, (*values, head), found)


def parse_query(query_string: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a query, decoded.

    raises: EcholessError(INVALID_PARAMETERS) for more than 256 pairs
    """
    if not query_string:
        return []
    parts = query_string.split(b"&")
    if len(parts) > _QUERY_FIELDS_MAX:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The query has too many parameters.")
    pairs = []
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def _decode(word: bytes) -> str:
    return unquote_to_bytes(word.replace(b"+", b" ")).decode("utf-8", "replace")


def switch_of(query: Iterable[tuple[str, str]]) -> Switch:
    """Return the request's word on retention.

    Repeats that agree count once; repeats that differ, other values and other spellings are unreadable.
    """
    switch = Switch.ABSENT
    for name, value in query:
        if name == _SWITCH:
            said = _SWITCH_VALUES.get(value.lower()[:8], Switch.UNREADABLE)
            if switch not in {Switch.ABSENT, said}:
                return Switch.UNREADABLE
            switch = said
        elif looks_like_switch(name) or _hides_switch(value):
            return Switch.UNREADABLE
    return switch


@dataclass(frozen=True, slots=True)
class Head:
    """What the headers say, as far as anyone here wants to know.

    credential:     the API key, empty where none came
    content_length: declared bytes of the body, or None
    has_body:       whether a body was announced
    content_type:   of the body, cut to a bound
    host:           the server as the client calls it, with its port; empty where it is no name or address
    is_forwarded_tls: whether a proxy says that it ended TLS; only links in this very answer depend on it
    names_switch:   whether a header has the name of the switch, which no header is
    forwarded_for:  the client's address, as the last proxy says; only to be believed where there is one
    """

    credential: str = field(repr=False)
    content_length: int | None
    has_body: bool
    has_origin: bool
    is_upgrade: bool
    host: str = field(repr=False)
    is_forwarded_tls: bool
    names_switch: bool
    content_type: str = field(repr=False)
    forwarded_for: str = field(default="", repr=False)


def read_head(headers: Headers) -> Head:
    """Read the headers once. An API key wins over a bearer token; two different ones of a kind are none at all."""
    keys: set[bytes] = set()
    bearers: set[bytes] = set()
    last: dict[bytes, bytes] = {}
    names_switch = False
    for name, value in headers:
        if name == b"xi-api-key":
            keys.add(value)
        elif name == b"authorization":
            bearers |= {value[7:].strip()} if value[:7].lower() == b"bearer " else set()
        elif name in _READ:
            last[name] = value
        elif looks_like_switch(name.decode("ascii", "replace")):
            names_switch = True
    length, host = last.get(b"content-length", b""), last.get(b"host", b"")
    content_length = int(length) if length.isdigit() else None
    # Each proxy adds at the end; what stands before may be the client's invention.
    forwarded_for = last.get(b"x-forwarded-for", b"").rpartition(b",")[2].strip()
    # Which of two would count? The strictest floor must, and nobody here knows it: so neither does.
    shown = keys or bearers or {b""}
    credential = shown.pop().decode("ascii", "replace") if len(shown) == 1 else "ambiguous"
    if len(credential) > _NAME_CHARACTERS_MAX:
        credential = "too-long"
    return Head(
        credential=credential,
        content_length=content_length,
        has_body=b"transfer-encoding" in last or bool(content_length),
        has_origin=b"origin" in last,
        is_upgrade=last.get(b"upgrade", b"").lower() == b"websocket",
        host=host.decode("ascii") if _HOST.fullmatch(host) else "",
        is_forwarded_tls=last.get(b"x-forwarded-proto", b"").lower() == b"https",
        names_switch=names_switch,
        content_type=last.get(b"content-type", b"")[:_CONTENT_TYPE_MAX].decode("latin-1"),
        forwarded_for=forwarded_for[:_ADDRESS_MAX].decode("latin-1"),
    )


def peer_of(client: tuple[str, int] | None, head: Head, *, is_behind_proxy: bool) -> str:
    """Return the address of the client, compared with where a key may be used from; empty where nobody says it.

    client: the other end of the connection, which is the proxy where there is one
    """
    if is_behind_proxy:
        return head.forwarded_for
    return client[0][:_ADDRESS_MAX] if client else ""
