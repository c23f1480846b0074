"""One WebSocket on its way through the gateway: its handshake, its messages, its ticket and its end.

A `SocketCall` dies with its socket, and prints as its endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from uvicorn.protocols.utils import ClientDisconnected

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.crossing.control import GatewayConfig
from echoless.crossing.records import CloseStatus, CloseTicket, TicketGranted
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import Endpoint
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.ports import GatewayServices, Message, OpenTicketPort, Receive, Send
from echoless.volatile.gateway.socket_credentials import Credential
from echoless.volatile.gateway.socket_problems import (
    NORMAL,
    SERVER_FAULT,
    SocketProblem,
    socket_problem_for,
    with_capsule,
)
from echoless.volatile.gateway.traces import Traces

Admit = Callable[["SocketCall", Credential], Awaitable[None]]


def _nothing() -> None:
    """Do nothing, where nobody collects."""


@dataclass(slots=True)
class SocketCall:
    """One socket.

    values:  parameters of the path, in the template's order
    admit:   (1) gets the ticket, once somebody has shown a credential
    on_rest: (6) to be called whenever something has been said to its end
    problem_for: how errors look on this socket
    left_code:   what the client closed with, once it has
    end:         ends whatever serves the socket
    peer:        the address of the client, for the vault to compare and forget
    traces:      what a diagnosis would be made of
    capsule:     the sealed diagnosis, once something failed
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
    admit: Admit = field(repr=False)
    began_s: float
    ticket: OpenTicketPort | None = field(default=None, repr=False)
    is_ticket_closed: bool = False
    is_accepted: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    traces: Traces = field(default_factory=Traces)
    on_rest: Callable[[], None] = field(default=_nothing, repr=False)
    problem_for: Callable[[EcholessError], SocketProblem] = field(default=socket_problem_for, repr=False)
    left_code: int = 0
    end: Callable[[], object] = field(default=_nothing, repr=False)
    peer: str = field(default="", repr=False)
    capsule: str = field(default="", repr=False)

    @property
    def open_ticket(self) -> OpenTicketPort:
        """The ticket, once admitted."""
        assert self.ticket is not None
        return self.ticket

    @property
    def grant(self) -> TicketGranted:
        """What the vault decided."""
        return self.open_ticket.grant

    async def accept(self) -> None:
        """(5) Answer the handshake; its headers state the mode, which is fixed from here on."""
        headers = [
            (b"request-id", self.request_id.encode("ascii")),
            (b"x-echoless-retention", self.mode.value.encode("ascii")),
            (b"cache-control", b"no-store"),
        ]
        if self.ticket is not None:
            headers.append((b"x-echoless-receipt", self.request_id.encode("ascii")))
        self.is_accepted = True
        await self._tell({"type": "websocket.accept", "headers": headers})

    async def next_text(self) -> TextContent:
        """Return the next message.

        raises: ClientLeftError; EcholessError(INVALID_MESSAGE) for a binary one
        """
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            self.outcome.has_client_left = True
            self.left_code = message.get("code") or 0
            raise ClientLeftError
        text = message.get("text")
        if text is None:
            raise EcholessError(ErrorCode.INVALID_MESSAGE, "Messages are JSON in text frames.")
        return TextContent(text)

    async def say(self, message: bytes) -> None:
        """Send one message of JSON; returns when the client's connection has room for more.

        raises: ClientLeftError
        """
        await self._tell({"type": "websocket.send", "text": message.decode()})

    async def close(self) -> None:
        """Close normally."""
        self.outcome.is_complete = True
        self.outcome.http_status = NORMAL
        await self._tell({"type": "websocket.close", "code": NORMAL})

    async def refuse(self, problem: SocketProblem) -> None:
        """Say why, and close. A handshake that was not answered yet is answered first, to have room for it."""
        self.outcome.error_code = problem.code
        self.outcome.http_status = problem.close_code
        if not self.is_accepted:
            await self.accept()
        await self.say(with_capsule(problem, self.capsule).frame)
        await self._tell({"type": "websocket.close", "code": problem.close_code})

    def closing(self, outcome: Outcome, *, has_spoken: bool) -> CloseTicket:
        """Return the record that closes a ticket of this socket.

        outcome:    of the socket, or of one of its streams
        has_spoken: whether something was made for the client: then it was served, however it ended
        """
        if outcome.has_client_left:
            status = CloseStatus.CLIENT_LEFT
        elif outcome.is_complete or (has_spoken and outcome.http_status != SERVER_FAULT):
            status = CloseStatus.DONE
        else:
            status = CloseStatus.REFUSED if 0 < outcome.http_status < SERVER_FAULT else CloseStatus.FAILED
        return CloseTicket(
            status=status,
            http_status=outcome.http_status,
            error_code=outcome.error_code,
            audio_ms=outcome.audio_ms,
            audio_bytes=outcome.audio_bytes,
            duration_ms=max(0, int((self.services.clock.monotonic_s() - self.began_s) * 1000)),
            is_capsule=outcome.has_capsule,
        )

    async def _tell(self, message: Message) -> None:
        try:
            await self.send(message)
        except ClientDisconnected:
            pass
        else:
            return
        self.outcome.has_client_left = True
        raise ClientLeftError
