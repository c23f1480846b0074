"""(0) Admission of sockets: from the handshake alone, or from the credential in its first message.

The mode is fixed at the handshake. The order of refusals is that of requests; each is an accepted handshake, a
frame that says why, and a close, since a browser sees nothing of a handshake that was refused. Where the credential
comes in the first message the headers cannot know the mode of its key yet: they state zero where it was asked for,
and otherwise the weaker promise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id, request_id_of
from echoless.core.journal import Event, where
from echoless.crossing.client import ClientLeftError, RequestRefusedError
from echoless.crossing.control import GatewayConfig
from echoless.crossing.records import OpenTicket
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import ENDPOINTS, Endpoint
from echoless.volatile.gateway.admission import DRAINING
from echoless.volatile.gateway.diagnosing import begin_traces, seal_failure
from echoless.volatile.gateway.ports import GatewayServices, Receive, Scope, Send
from echoless.volatile.gateway.problems import misplaced_switch, problem_for
from echoless.volatile.gateway.request_line import (
    EndpointMatcher,
    Head,
    looks_like_switch,
    parse_query,
    peer_of,
    read_head,
    switch_of,
)
from echoless.volatile.gateway.revoking import canceller, revoked, was_revoked
from echoless.volatile.gateway.routing import SocketHandler, SocketRoute
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_connection import ON_REST
from echoless.volatile.gateway.socket_credentials import (
    QUERY_NAMES,
    Credential,
    credential_of_handshake,
    no_credential,
)
from echoless.volatile.gateway.socket_problems import socket_problem_for

_METHOD: Final = "WS"
_VOICE_ID_MAX: Final = 256
_SPEAKS_OF_ZERO: Final = {Switch.LOGGING_OFF, Switch.UNREADABLE}


class SocketAdmission:
    """The ASGI app that every socket meets first."""

    def __init__(
        self, routes: Mapping[str, SocketRoute], services: GatewayServices, settings: GatewayConfig
    ) -> None:
        self._routes = routes
        self._services = services
        self._settings = settings
        self._matcher = EndpointMatcher(ENDPOINTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        assert scope["type"] == "websocket", "only sockets are for this app"
        await receive()
        match = self._matcher.match(_METHOD, scope["raw_path"])
        if match is None or not match.is_allowed:
            await _answer_not_found(send)
            return
        call = self._call_for(match.endpoint, match.values, receive, send)
        call.on_rest = scope.get("state", {}).get(ON_REST, call.on_rest)
        head = read_head(scope["headers"])
        call.peer = peer_of(scope.get("client"), head, is_behind_proxy=self._settings.is_behind_proxy)
        handshake = _Handshake(scope["query_string"], head)
        del head
        # Credentials are in both, and content in a query; they are held no longer than they are needed.
        scope["headers"], scope["query_string"] = [], b""
        try:
            await self._serve(call, handshake)
        finally:
            self._close_ticket(call)
            if self._settings.has_access_log:
                self._note(call)

    def _note(self, call: SocketCall) -> None:
        """Say that a socket ended: the route's template and numbers, nothing that a client chose."""
        self._services.journal.say(
            Event.REQUEST_CLOSED,
            method=call.endpoint.method,
            route=call.endpoint.template,
            http_status=call.outcome.http_status,
            duration_ms=round((self._services.clock.monotonic_s() - call.began_s) * 1000),
            mode=call.mode.value,
            error=call.outcome.error_code,
        )

    def _call_for(self, endpoint: Endpoint, values: tuple[str, ...], receive: Receive, send: Send) -> SocketCall:
        route = self._routes.get(endpoint.name)
        return SocketCall(
            endpoint=endpoint,
            values=values,
            query=(),
            switch=Switch.ABSENT,
            request_id=request_id_of(new_ticket_id()),
            mode=RetentionMode.DEFAULT,
            services=self._services,
            settings=self._settings,
            receive=receive,
            send=send,
            admit=self._admit,
            began_s=self._services.clock.monotonic_s(),
            problem_for=socket_problem_for if route is None else route.problem_for,
        )

    async def _serve(self, call: SocketCall, handshake: _Handshake) -> None:
        """Run the checks and the route; turn whatever goes wrong into a frame."""
        call.end = canceller()
        try:
            # What was asked for is in frames that have ended when the handler's begins.
            handler = await self._open(call, handshake)
            await handler(call)
        except ClientLeftError:
            call.outcome.has_client_left = True
        except asyncio.CancelledError:
            if not was_revoked(call.ticket):
                raise
            await self._refuse(call, revoked())
        except EcholessError as error:
            await self._refuse(call, revoked() if was_revoked(call.ticket) else error)
        except Exception as error:  # the last line: whatever it is, its text must not travel on
            self._services.journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            seal_failure(call, error)
            await self._refuse(call, EcholessError(ErrorCode.INTERNAL_ERROR, "unexpected"))
        finally:
            call.traces.end()

    async def _open(self, call: SocketCall, handshake: _Handshake) -> SocketHandler:
        """Run the checks, answer the handshake, and return who goes on."""
        query_string, head = handshake.taken()
        query = parse_query(query_string)
        call.query = [(name, value) for name, value in query if name not in QUERY_NAMES]
        call.switch = switch_of(query)
        if head.names_switch or any(looks_like_switch(value) for value in call.values):
            call.switch = Switch.UNREADABLE
        if call.switch in _SPEAKS_OF_ZERO:
            # For refusals: until somebody decides, the strictest reading.
            call.mode = RetentionMode.ZERO
        if self._services.duty.is_draining:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, DRAINING)
        shown = credential_of_handshake(head.credential, query)
        if shown is not None:
            await self._admit(call, shown)
        route = self._routes.get(call.endpoint.name)
        if route is None:
            # Who has shown no credential is told no more than that.
            raise _unserved() if call.ticket is not None else no_credential()
        await call.accept()
        return route.handler

    async def _admit(self, call: SocketCall, credential: Credential) -> None:
        """(1) Get a ticket, or a refusal with its mode."""
        route = self._routes.get(call.endpoint.name)
        names_voice = route is not None and route.needs_voice and len(call.values[0]) <= _VOICE_ID_MAX
        question = OpenTicket(
            endpoint=call.endpoint.name,
            credential=credential.word,
            switch=call.switch,
            voice_id=call.values[0] if names_voice else "",
            is_token=credential.is_token,
            peer=call.peer,
        )
        try:
            call.ticket = await self._services.vault.open_ticket(question)
        except RequestRefusedError as error:
            refused = error.refused
            if not call.is_accepted:
                call.mode = call.mode if call.switch in _SPEAKS_OF_ZERO else refused.mode
                call.request_id = refused.request_id or call.request_id
            if error.code is not ErrorCode.INVALID_PARAMETERS:
                raise
        else:
            call.ticket.when_revoked(call.end)
            call.mode = call.grant.mode
            call.request_id = call.grant.request_id
            begin_traces(call, call.query)
            if route is not None and route.needs_voice and call.grant.voice is None:
                raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.")
            return
        raise misplaced_switch()

    async def _refuse(self, call: SocketCall, error: EcholessError) -> None:
        seal_failure(call, error)
        try:
            await call.refuse(call.problem_for(error))
        except ClientLeftError:
            call.outcome.has_client_left = True

    def _close_ticket(self, call: SocketCall) -> None:
        """(7) Counts and codes cross, in both modes alike."""
        if call.ticket is None or call.is_ticket_closed:
            return
        try:
            call.ticket.post(call.closing(call.outcome, has_spoken=False))
        except EcholessError as error:
            # The vault that granted it is gone, and has closed it as aborted.
            self._services.journal.say(Event.TICKET_LOST, error=error.code.value)


class _Handshake:
    """What a client asked for; can be taken once."""

    def __init__(self, query_string: bytes, head: Head) -> None:
        self._parts: list[tuple[bytes, Head]] = [(query_string, head)]

    def taken(self) -> tuple[bytes, Head]:
        return self._parts.pop()


def _unserved() -> EcholessError:
    return EcholessError(ErrorCode.NOT_AVAILABLE, "This server does not offer this product.")


async def _answer_not_found(send: Send) -> None:
    problem = problem_for(
        EcholessError(ErrorCode.NOT_FOUND, "There is nothing at this address."), request_id_of(new_ticket_id())
    )
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(problem.body))]
    await send({"type": "websocket.http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": problem.body, "more_body": False})
