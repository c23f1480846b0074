"""One HTTP exchange with the outside: a connection of its own, to a checked address, and nothing kept of it.

No proxy and no credential from the environment, no cookies, no compression, no connection kept for the next: what a
request brought dies with it. The certificate must be that of the name, while the connection goes to the address.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import httpx2

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.egress.addresses import parsed_address, permitted
from echoless.volatile.egress.targets import Target

CONNECT_S_MAX: Final = 10.0
_ADDRESSES_TRIED_MAX: Final = 3
_OWN_HEADERS: Final = {"user-agent": "Echoless", "accept-encoding": "identity", "connection": "close"}
_NO_REUSE: Final = httpx2.Limits(max_connections=1, max_keepalive_connections=0)
_FAILURES: Final = (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, ssl.SSLError, OSError)


class NameSource(Protocol):
    """Whoever knows the addresses of names."""

    async def addresses_of(self, host: str) -> Sequence[str]:
        """Return them in the order in which to try them; none where there are none."""
        ...


class NoAnswerError(EcholessError):
    """The other side cannot be reached, or broke off."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.ENGINE_UNAVAILABLE, "The other side does not answer.")


class AddressRefusedError(EcholessError):
    """The address exists and may not be connected to, or there is none."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.INVALID_PARAMETERS, "The address cannot be found, or it is not one of the public internet."
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be connected to.

    silence_s_max: how long the other side may say nothing
    ports:         the only ones; None for any. The kernel holds the process to them too, where it can
    """

    allows_private: bool
    allows_plain: bool
    silence_s_max: float = 60.0
    ports: frozenset[int] | None = None


class Answer:
    """The head of an answer, and its body piece by piece."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status = response.status_code

    def header(self, name: str) -> str:
        """Return a header's value, empty where there is none."""
        return str(self._response.headers.get(name, ""))

    @property
    def content_bytes(self) -> int | None:
        """The stated length, None where there is none."""
        text = self.header("content-length")
        return int(text) if text.isdecimal() and len(text) < 16 else None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        raises: NoAnswerError where it breaks off
        """
        source = self._response.aiter_raw()
        while True:
            try:
                piece = await anext(source, None)
            except _FAILURES:
                break
            if piece is None:
                return
            yield piece
        raise NoAnswerError

    async def whole(self, bytes_max: int) -> bytes:
        """Return the body.

        raises: NoAnswerError where it breaks off or is longer than that
        """
        body = bytearray()
        async for piece in self.pieces():
            body += piece
            if len(body) > bytes_max:
                raise NoAnswerError
        return bytes(body)


class Connections:
    """Makes connections within its reach."""

    def __init__(self, names: NameSource, context: ssl.SSLContext, reach: Reach) -> None:
        self._names = names
        self._context = context
        self._reach = reach

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | bytes = b"",
    ) -> AsyncIterator[Answer]:
        """Send a request; its answer has begun when the block is entered, and leaving it closes the connection.

        body:   bytes, or pieces sent as they come, chunked unless `headers` state their length
        raises: AddressRefusedError, EcholessError(INVALID_PARAMETERS) for http:// where that may not be and for
                other ports than those within reach, NoAnswerError
        """
        if target.is_plain and not self._reach.allows_plain:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The address must begin with https://.")
        if self._reach.ports is not None and target.port not in self._reach.ports:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, "The address has a port that this server does not connect to."
            )
        addresses = await self._addresses(target.host)
        transport, response = await self._first_answer(addresses, method, target, headers, body)
        try:
            yield Answer(response)
        finally:
            await response.aclose()
            await transport.aclose()

    async def _addresses(self, host: str) -> Sequence[str]:
        literal = parsed_address(host)
        found = await self._names.addresses_of(host) if literal is None else [host]
        addresses = permitted(found, allows_private=self._reach.allows_private)
        if not addresses:
            raise AddressRefusedError
        return addresses[:_ADDRESSES_TRIED_MAX]

    async def _first_answer(
        self,
        addresses: Sequence[str],
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | bytes,
    ) -> tuple[httpx2.AsyncHTTPTransport, httpx2.Response]:
        """Try one address after another until one takes the connection: the request itself is sent once."""
        for address in addresses:
            transport = httpx2.AsyncHTTPTransport(
                verify=self._context, trust_env=False, http1=True, http2=False, limits=_NO_REUSE
            )
            can_try_next = False
            try:
                return transport, await transport.handle_async_request(
                    self._request(address, method, target, headers, body)
                )
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                can_try_next = True
            except _FAILURES:
                pass
            except BaseException:
                await transport.aclose()
                raise
            await transport.aclose()
            if not can_try_next:
                break
        raise NoAnswerError

    def _request(
        self,
        address: str,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | bytes,
    ) -> httpx2.Request:
        silence_s = self._reach.silence_s_max
        timeouts = {"connect": CONNECT_S_MAX, "read": silence_s, "write": silence_s, "pool": CONNECT_S_MAX}
        return httpx2.Request(
            method,
            httpx2.URL(scheme=target.scheme, host=address, port=target.port, raw_path=target.path.encode("ascii")),
            headers={"host": target.host_header, **_OWN_HEADERS, **headers},
            content=body,
            extensions={"timeout": timeouts, "sni_hostname": target.host},
        )
