"""The gateway's side of its links to egress processes: fetches, webhooks, and jobs of declared remotes.

What a remote or this server may not do is refused here, before anything of a request leaves the gateway; the egress
process refuses it once more.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.courier_records import COURIER_RECORDS
from echoless.crossing.egress_records import (
    EGRESS_RECORDS,
    FETCH_WINDOW_BYTES,
    KIND_FETCHED,
    KIND_WEBHOOK_BODY,
    WEBHOOK_BYTES_MAX,
    Deliver,
    Delivered,
    Fetch,
    FetchBegan,
    FetchEnded,
)
from echoless.crossing.link import Exchange, Link
from echoless.crossing.media_records import MEDIA_RECORDS
from echoless.crossing.moderation_records import MODERATION_EGRESS_RECORDS
from echoless.crossing.provider_records import PROVIDER_RECORDS
from echoless.crossing.records import Cancel, Credit, RecordRegistry, core_registry

_PIECE_BYTES: Final = 64 * 1024
_FETCH_SILENCE_S: Final = 120.0
_CODES: Final = {code.value: code for code in ErrorCode}


def egress_registry() -> RecordRegistry:
    """Return the registry of links between a gateway and an egress process."""
    return core_registry(
        MEDIA_RECORDS, EGRESS_RECORDS, COURIER_RECORDS, MODERATION_EGRESS_RECORDS, PROVIDER_RECORDS
    )


class EgressLinks:
    """The egress processes of this gateway, by name; the newest link of a name is the one in use."""

    def __init__(self) -> None:
        self._registry = egress_registry()
        self._links: dict[str, Link] = {}

    async def add_link(self, end: socket.socket, name: str) -> None:
        """Take one more process, or the successor of the one that has had this name so far."""
        before, self._links[name] = self._links.get(name), await Link.open(end, self._registry)
        if before is not None:
            before.abort()

    def link(self, name: str) -> Link:
        """Return the link to a process.

        raises: EcholessError(ENGINE_UNAVAILABLE) while there is none
        """
        link = self._links.get(name)
        if link is None or link.is_closed:
            raise _away()
        return link

    def close(self) -> None:
        """Close all links."""
        for link in self._links.values():
            link.close()


def _away() -> EcholessError:
    return EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "The way out is not available at this moment.")


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    """Where to deliver, and what signs it; neither may be printed.

    secret: None for no signature
    """

    url: TextContent
    secret: TextContent | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a delivery ended.

    http_status: of the last attempt, 0 where nobody answered
    """

    is_delivered: bool
    http_status: int
    attempt_count: int


class Fetched:
    """A recording on its way in. Iterate over it once: pieces in order, and no more asked for than were taken.

    content_bytes: as the other side stated it, None where it did not
    """

    def __init__(self, link: Link, exchange: Exchange, param: str) -> None:
        self._link = link
        self._exchange = exchange
        self._param = param
        self.is_ended = False
        self.content_bytes: int | None = None

    async def begin(self) -> None:
        """Wait for the other side's answer.

        raises: EcholessError(INVALID_PARAMETERS, FILE_TOO_LARGE, ENGINE_UNAVAILABLE)
        """
        part = await self._next()
        if not isinstance(part, FetchBegan):
            raise _away()
        self.content_bytes = part.content_bytes

    async def __aiter__(self) -> AsyncIterator[AudioContent]:
        """Yield the bytes.

        raises: as `begin`
        """
        while not self.is_ended:
            part = await self._next()
            if isinstance(part, AudioContent):
                yield part
                self._exchange.post(Credit(len(part)))

    async def _next(self) -> AudioContent | FetchBegan | None:
        try:
            async with asyncio.timeout(_FETCH_SILENCE_S):
                frame = await self._exchange.receive()
        except (EcholessError, TimeoutError):
            frame = None
        if frame is None:
            raise _away()
        if frame.header.kind == KIND_FETCHED and frame.header.is_content:
            return AudioContent(frame.payload)
        record = self._link.registry.decode(frame)
        if isinstance(record, FetchBegan):
            return record
        self.is_ended = True
        if isinstance(record, FetchEnded) and not record.error_code:
            return None
        if isinstance(record, FetchEnded):
            code = _CODES.get(record.error_code, ErrorCode.INVALID_PARAMETERS)
            raise EcholessError(code, record.public_description, param=self._param)
        raise _away()


class OutboundClient:
    """Fetches recordings and delivers webhooks through the one process that may.

    peer_name:    of that process; empty where this server has none
    has_fetches, has_webhooks: what the operator allowed
    """

    def __init__(
        self,
        links: EgressLinks,
        peer_name: str = "",
        *,
        has_fetches: bool = False,
        has_webhooks: bool = False,
        fetch_bytes_max: int = 1024**3,
    ) -> None:
        self._links = links
        self._peer_name = peer_name
        self._has_fetches = has_fetches
        self._has_webhooks = has_webhooks
        self._fetch_bytes_max = fetch_bytes_max

    @asynccontextmanager
    async def fetch(self, url: TextContent, *, param: str = "cloud_storage_url") -> AsyncIterator[Fetched]:
        """Fetch a recording; it has begun to come when the block is entered. Leaving the block stops it.

        param:  the field that errors name
        raises: EcholessError(INVALID_PARAMETERS) where fetches are off, the address may not be fetched from or does
                not answer with a recording; FILE_TOO_LARGE; ENGINE_UNAVAILABLE
        """
        if not self._has_fetches:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS,
                "This server fetches no recordings: its operator has not set fetches = true. Send the file itself.",
                param=param,
            )
        link = self._links.link(self._peer_name)
        with link.exchange() as exchange:
            exchange.post(Fetch(url.reveal(), FETCH_WINDOW_BYTES, self._fetch_bytes_max))
            fetched = Fetched(link, exchange, param)
            try:
                await fetched.begin()
                yield fetched
            finally:
                if not fetched.is_ended and not link.is_closed:
                    exchange.post(Cancel())

    def require_webhooks(self) -> None:
        """Check before any work is done that results may be delivered.

        raises: EcholessError(INVALID_PARAMETERS) where webhooks are off
        """
        if not self._has_webhooks:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS,
                "This server delivers no webhooks: its operator has not set webhooks = true.",
                param="webhook",
            )

    async def deliver(
        self,
        webhook: Webhook,
        body: Sequence[bytes],
        *,
        may_retry: bool,
        is_zero: bool,
        ticket: TicketId = NO_TICKET,
    ) -> Delivery:
        """Deliver a body from memory; nothing of it is kept anywhere, so it is lost with the process.

        body:      pieces of the exact bytes, at most WEBHOOK_BYTES_MAX together
        may_retry: ignored for zero retention, which has one attempt
        raises:    EcholessError(INVALID_PARAMETERS) where webhooks are off, FILE_TOO_LARGE for too large a body,
                   ENGINE_UNAVAILABLE when the process that delivers is gone
        """
        self.require_webhooks()
        size = sum(map(len, body))
        if size > WEBHOOK_BYTES_MAX:
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, f"a webhook's body has {size} bytes, which is too many")
        link = self._links.link(self._peer_name)
        secret = "" if webhook.secret is None else webhook.secret.reveal()
        with link.exchange(ticket) as exchange:
            exchange.post(Deliver(webhook.url.reveal(), secret, size, may_retry and not is_zero, is_zero))
            for piece in body:
                for at in range(0, len(piece), _PIECE_BYTES):
                    data = piece[at : at + _PIECE_BYTES]
                    exchange.post_content(KIND_WEBHOOK_BODY, data)
                    await link.drain()
            record = link.registry.decode(await exchange.receive())
        if not isinstance(record, Delivered):
            raise _away()
        return Delivery(not record.error_code, record.http_status, record.attempt_count)
