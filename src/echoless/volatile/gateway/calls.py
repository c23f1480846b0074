"""One request on its way through the gateway, and how it is answered.

A `Call` dies with its request: nothing keeps it, and it prints as its endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from echoless.crossing.client import ClientLeftError
from echoless.crossing.control import GatewayConfig
from echoless.crossing.records import CloseStatus, CloseTicket, ReserveUnits, TicketGranted, UnitsReserved
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import Endpoint
from echoless.volatile.gateway.ports import GatewayServices, Message, OpenTicketPort, Receive, Send
from echoless.volatile.gateway.problems import Problem
from echoless.volatile.gateway.traces import Traces

_EXPOSED: Final = (
    b"request-id, history-item-id, character-cost, x-character-count, current-concurrent-requests, "
    b"maximum-concurrent-requests, x-echoless-retention, x-echoless-receipt, content-type, retry-after"
)
_PATH_ID_MAX: Final = 256
_JSON: Final = b"application/json"
Header = tuple[bytes, bytes]


@dataclass(slots=True)
class Outcome:
    """(7) What will be told of a request when it is closed: counts and codes."""

    http_status: int = 0
    error_code: str = ""
    audio_ms: int = 0
    audio_bytes: int = 0
    has_client_left: bool = False
    is_complete: bool = False
    has_capsule: bool = False


@dataclass(slots=True)
class Call:
    """One request.

    values:          parameters of the path, in the template's order
    has_unread_body: whether a body was announced and nobody has read it to its end
    base_url:        how this client reaches the server, for links; empty where that is not known
    shown_credential: for the one public route that looks at it
    traces:          what a diagnosis would be made of
    """

    endpoint: Endpoint
    values: tuple[str, ...] = field(repr=False)
    query: Sequence[tuple[str, str]] = field(repr=False)
    switch: Switch
    request_id: str
    mode: RetentionMode
    services: GatewayServices
    settings: GatewayConfig = field(repr=False)
    receive: Receive = field(repr=False)
    send: Send = field(repr=False)
    has_unread_body: bool
    has_origin: bool
    began_s: float
    content_length: int | None = None
    content_type: str = field(default="", repr=False)
    base_url: str = field(default="", repr=False)
    shown_credential: str = field(default="", repr=False)
    ticket: OpenTicketPort | None = field(default=None, repr=False)
    is_ticket_closed: bool = False
    is_started: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    traces: Traces = field(default_factory=Traces)
    concurrency: tuple[int, int] | None = None

    @property
    def open_ticket(self) -> OpenTicketPort:
        """The ticket; every route that is not public has one."""
        assert self.ticket is not None
        return self.ticket

    @property
    def grant(self) -> TicketGranted:
        """What the vault decided."""
        return self.open_ticket.grant

    async def reserve(self, units: ReserveUnits) -> UnitsReserved:
        """(1) Reserve counted units, once the body is parsed; waits for a place of the model where it has its own.

        raises: RequestRefusedError
        """
        reserved = await self.open_ticket.ask(units)
        assert isinstance(reserved, UnitsReserved)
        if reserved.maximum_concurrent:
            self.concurrency = (reserved.current_concurrent, reserved.maximum_concurrent)
        return reserved

    def path_id(self, index: int) -> str:
        """Return a parameter of the path, cut to a length that no real id has."""
        return self.values[index][:_PATH_ID_MAX]

    def closing(self) -> CloseTicket:
        """Return the record that closes the ticket with what is known now."""
        outcome = self.outcome
        if outcome.has_client_left:
            status = CloseStatus.CLIENT_LEFT
        elif not outcome.http_status or outcome.http_status >= 500 or (self.is_started and not outcome.is_complete):
            status = CloseStatus.FAILED
        else:
            status = CloseStatus.REFUSED if outcome.http_status >= 400 else CloseStatus.DONE
        elapsed_s = self.services.clock.monotonic_s() - self.began_s
        return CloseTicket(
            status=status,
            http_status=outcome.http_status,
            error_code=outcome.error_code,
            audio_ms=outcome.audio_ms,
            audio_bytes=outcome.audio_bytes,
            duration_ms=max(0, int(elapsed_s * 1000)),
            answered_as=self.mode,
            is_capsule=outcome.has_capsule,
        )

    async def start(self, status: int, content_type: bytes, *, more: Sequence[Header] = ()) -> None:
        """Send status and headers."""
        headers: list[Header] = [
            (b"content-type", content_type),
            (b"request-id", self.request_id.encode("ascii")),
            (b"cache-control", b"no-store"),
        ]
        if self.endpoint.is_generation:
            headers.append((b"x-echoless-retention", self.mode.value.encode("ascii")))
            if self.ticket is not None:
                grant = self.grant
                running, places = self.concurrency or (grant.current_concurrent, grant.maximum_concurrent)
                headers.append((b"current-concurrent-requests", b"%d" % running))
                headers.append((b"maximum-concurrent-requests", b"%d" % places))
                headers.append((b"x-echoless-receipt", self.request_id.encode("ascii")))
        if self.has_origin:
            headers.append((b"access-control-allow-origin", b"*"))
            headers.append((b"access-control-expose-headers", _EXPOSED))
        if self.has_unread_body or self.services.duty.is_draining:
            headers.append((b"connection", b"close"))
        headers.extend(more)
        self.is_started = True
        self.outcome.http_status = status
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        """Send a piece of the body; returns when the client's connection has room for more.

        raises: ClientLeftError where somebody saw the client leave
        """
        if self.outcome.has_client_left:
            raise ClientLeftError
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self, data: bytes = b"") -> None:
        """Send the last piece of the body."""
        self.outcome.is_complete = True
        message: Message = {"type": "http.response.body", "body": data, "more_body": False}
        await self.send(message)

    async def answer(self, body: Any, *, status: int = 200) -> None:
        """Answer with JSON: what msgspec encodes."""
        await self.answer_bytes(msgspec.json.encode(body), _JSON, status=status)

    async def answer_bytes(
        self, body: bytes, content_type: bytes, *, status: int = 200, more: Sequence[Header] = ()
    ) -> None:
        """Answer with a body of known length."""
        await self.start(status, content_type, more=[(b"content-length", b"%d" % len(body)), *more])
        await self.finish(body)

    async def answer_problem(self, problem: Problem, *, allowed: Sequence[str] = ()) -> None:
        """Answer with an error."""
        self.outcome.error_code = problem.code
        more: list[Header] = []
        if problem.retry_after_s:
            more.append((b"retry-after", b"%d" % problem.retry_after_s))
        if allowed:
            named = {*allowed, "HEAD"} if "GET" in allowed else set(allowed)
            more.append((b"allow", ", ".join(sorted(named)).encode("ascii")))
        await self.answer_bytes(problem.body, _JSON, status=problem.status, more=more)
