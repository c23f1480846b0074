"""(0) Admission: plain ASGI in front of everything, from the request line and headers alone.

No byte of a body is parsed or passed on before the vault has granted a ticket. The order of refusals is the
contract's: 401, 422 for the switch, 400 not eligible, 403 not entitled (these four are the vault's), then 404, 405,
413, then whatever needs the body. Here too every ticket is closed, whatever became of its request.
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
from echoless.retention.decision import NOT_ELIGIBLE, RetentionMode, Switch
from echoless.retention.endpoints import ENDPOINTS, Endpoint, Product
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.diagnosing import begin_traces, capsule_for
from echoless.volatile.gateway.ports import GatewayServices, Receive, Scope, Send
from echoless.volatile.gateway.problems import misplaced_switch, problem_for
from echoless.volatile.gateway.request_line import (
    EndpointMatcher,
    Head,
    Match,
    looks_like_switch,
    parse_query,
    peer_of,
    read_head,
    switch_of,
)
from echoless.volatile.gateway.revoking import canceller, revoked, was_revoked
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.socket_credentials import Credential, key_credential, token_credential
from echoless.volatile.gateway.uploads import body_bytes_max

_CALLS_MAX: Final = 1024
_SPEAKS_OF_ZERO: Final = {Switch.LOGGING_OFF, Switch.UNREADABLE}
_VOICE_ID_MAX: Final = 256
_UNLISTED: Final = Endpoint("GET", "/", Product.SERVICE, ENDPOINTS[-1].retention_class)
_NOTHING_HERE: Final = "There is nothing at this address."
DRAINING: Final = "The server is stopping and takes no new work; send this again shortly. Nothing was read."
_PREFLIGHT: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET, POST, PATCH, PUT, DELETE"),
    (b"access-control-max-age", b"600"),
]
_ALLOWED_HEADERS: Final = (
    "xi-api-key, authorization, content-type, x-fern-language, x-fern-sdk-name, x-fern-sdk-version, "
    "x-fern-runtime, x-fern-platform"
)


class Admission:
    """The ASGI app that every request meets first."""

    def __init__(self, routes: Mapping[str, Route], services: GatewayServices, settings: GatewayConfig) -> None:
        self._routes = routes
        self._services = services
        self._settings = settings
        self._matcher = EndpointMatcher(ENDPOINTS)
        self._served_templates = frozenset(route.endpoint.template for route in routes.values())
        self._call_count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert scope["type"] == "http", "sockets and lifespans are not for this app"
        if scope["method"] == "OPTIONS":
            await _answer_preflight(send)
            return
        head = read_head(scope["headers"])
        # HEAD is served as GET; the server underneath leaves out the body.
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        match = self._matcher.match("WS" if head.is_upgrade else method, scope["raw_path"])
        call = self._call_for(match, head, receive, send)
        peer = peer_of(scope.get("client"), head, is_behind_proxy=self._settings.is_behind_proxy)
        self._call_count += 1
        try:
            await self._serve(call, scope["query_string"], match, head, peer)
        finally:
            self._call_count -= 1
            self._close_ticket(call)
            if self._settings.has_access_log:
                self._note(call, match)

    def _note(self, call: Call, match: Match | None) -> None:
        """Say that a request ended: the route's template and numbers, nothing that a client chose."""
        outcome = call.outcome
        self._services.journal.say(
            Event.REQUEST_CLOSED,
            method=call.endpoint.method if match else "",
            route=call.endpoint.template if match else "unlisted",
            http_status=outcome.http_status,
            duration_ms=round((self._services.clock.monotonic_s() - call.began_s) * 1000),
            mode=call.mode.value,
            error=outcome.error_code,
        )

    def _call_for(self, match: Match | None, head: Head, receive: Receive, send: Send) -> Call:
        return Call(
            endpoint=match.endpoint if match else _UNLISTED,
            values=match.values if match else (),
            query=(),
            switch=Switch.ABSENT,
            request_id=request_id_of(new_ticket_id()),
            mode=RetentionMode.DEFAULT,
            services=self._services,
            settings=self._settings,
            receive=receive,
            send=send,
            has_unread_body=head.has_body,
            has_origin=head.has_origin,
            began_s=self._services.clock.monotonic_s(),
            content_length=head.content_length,
            content_type=head.content_type,
            base_url=self._base_url(head),
        )

    def _base_url(self, head: Head) -> str:
        """Return how the client reaches us: the operator's word, else the Host that the client asked for."""
        if self._settings.public_url or not head.host:
            return self._settings.public_url.rstrip("/")
        scheme = "https" if self._settings.tls_certificate_path or head.is_forwarded_tls else "http"
        return f"{scheme}://{head.host}"

    async def _serve(self, call: Call, query_string: bytes, match: Match | None, head: Head, peer: str) -> None:
        """Run the checks and the route; turn whatever goes wrong into an answer."""
        try:
            route = await self._admitted_route(call, query_string, match, head, peer)
            if call.ticket is not None:
                call.ticket.when_revoked(canceller())
            await route.handler(call)
        except ClientLeftError:
            call.outcome.has_client_left = True
        except asyncio.CancelledError:
            if not was_revoked(call.ticket):
                raise
            await self._answer_error(call, revoked(), match)
        except EcholessError as error:
            await self._answer_error(call, revoked() if was_revoked(call.ticket) else error, match)
        except Exception as error:  # the last line: whatever it is, its text must not travel on
            self._services.journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
            await self._answer_error(call, EcholessError(ErrorCode.INTERNAL_ERROR, "unexpected"), match, error)
        finally:
            call.traces.end()

    async def _admitted_route(
        self, call: Call, query_string: bytes, match: Match | None, head: Head, peer: str
    ) -> Route:
        """Return the route once nothing in line and headers stands against it."""
        if match is None:
            # No row, hence nothing to ask the vault for; whoever brings no key learns no more than elsewhere.
            raise EcholessError(ErrorCode.NOT_FOUND, _NOTHING_HERE) if head.credential else _key_needed()
        call.query = parse_query(query_string)
        call.switch = switch_of(call.query)
        if head.names_switch or any(looks_like_switch(value) for value in match.values):
            call.switch = Switch.UNREADABLE
        if call.switch in _SPEAKS_OF_ZERO:
            # For refusals: until somebody decides, the strictest reading.
            call.mode = RetentionMode.ZERO
        route = self._routes.get(match.endpoint.name)
        if self._services.duty.is_draining and not (route is not None and route.is_always_served):
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, DRAINING)
        if route is not None and route.is_public and match.is_allowed:
            _refuse_zero(match, call.switch)
            call.shown_credential = head.credential if route.reads_credential else ""
            return route
        await self._admit(call, match, head, route, peer)
        return self._served(call, match, route)

    async def _admit(self, call: Call, match: Match, head: Head, route: Route | None, peer: str) -> None:
        """(1) Get a ticket, or a refusal with its mode."""
        credential = _credential(call, head, route)
        if self._call_count > _CALLS_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many requests at once; try again.")
        # An id longer than any voice's is asked for as none, which is not found either.
        names_voice = route is not None and route.needs_voice and len(match.values[0]) <= _VOICE_ID_MAX
        voice_id = match.values[0] if names_voice else ""
        question = OpenTicket(
            endpoint=match.endpoint.name,
            credential=credential.word,
            switch=call.switch,
            voice_id=voice_id,
            is_token=credential.is_token,
            peer=peer,
        )
        try:
            call.ticket = await self._services.vault.open_ticket(question)
        except RequestRefusedError as error:
            refused = error.refused
            if call.switch not in _SPEAKS_OF_ZERO:
                call.mode = refused.mode
            call.request_id = refused.request_id or call.request_id
            if error.code is not ErrorCode.INVALID_PARAMETERS:
                raise
        else:
            call.mode = call.grant.mode
            call.request_id = call.grant.request_id
            begin_traces(call, call.query)
            return
        raise misplaced_switch()

    def _served(self, call: Call, match: Match, route: Route | None) -> Route:
        """Raise what line and headers can still refuse once a ticket is there."""
        if match.endpoint.template not in self._served_templates or (match.is_allowed and route is None):
            raise EcholessError(ErrorCode.NOT_AVAILABLE, "This server does not offer this product.")
        if not match.is_allowed or route is None:
            raise EcholessError(ErrorCode.METHOD_NOT_ALLOWED, "This address does not take this method.")
        if route.needs_voice and call.grant.voice is None:
            raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.", param="voice_id")
        if call.content_length is not None and call.content_length > body_bytes_max(route, self._settings):
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, "The body is larger than this server takes.")
        return route

    async def _answer_error(
        self, call: Call, error: EcholessError, match: Match | None, cause: Exception | None = None
    ) -> None:
        if call.is_started:
            # The response cannot say it any more: it stays unfinished, which cuts the connection.
            call.outcome.error_code = problem_for(error, call.request_id).code
            return
        capsule = capsule_for(call, error if cause is None else cause)
        call.outcome.has_capsule = bool(capsule)
        problem = problem_for(error, call.request_id, capsule)
        is_wrong_method = error.code is ErrorCode.METHOD_NOT_ALLOWED and match is not None
        await call.answer_problem(problem, allowed=match.allowed if is_wrong_method and match else ())

    def _close_ticket(self, call: Call) -> None:
        """(7) Counts and codes cross, in both modes alike."""
        if call.ticket is None or call.is_ticket_closed:
            return
        try:
            call.ticket.post(call.closing())
        except EcholessError as error:
            # The vault that granted it is gone, and has closed it as aborted.
            self._services.journal.say(Event.TICKET_LOST, error=error.code.value)


def _credential(call: Call, head: Head, route: Route | None) -> Credential:
    """Return what a request shows: a key in its headers, else a token in its query where the route takes one.

    raises: EcholessError(INVALID_API_KEY) where it shows nothing
    """
    if head.credential:
        return key_credential(head.credential)
    name = route.token_name if route is not None else ""
    tokens = {value for key, value in call.query if name and key == name and value}
    if not tokens:
        raise _key_needed()
    # A credential is held no longer than it is needed. Of two different ones, neither counts.
    call.query = [pair for pair in call.query if pair[0] != name]
    return token_credential(tokens.pop() if len(tokens) == 1 else "ambiguous")


def _key_needed() -> EcholessError:
    return EcholessError(ErrorCode.INVALID_API_KEY, "An API key is needed, in the header xi-api-key.")


async def _answer_preflight(send: Send) -> None:
    headers = [*_PREFLIGHT, (b"access-control-allow-headers", _ALLOWED_HEADERS.encode("ascii"))]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _refuse_zero(match: Match, switch: Switch) -> None:
    """Refuse zero retention where nobody is known who could have it: what such a request brings is kept.

    raises: EcholessError(ZERO_RETENTION_NOT_SUPPORTED) before the body is read
    """
    if switch is Switch.LOGGING_OFF and match.endpoint.method != "GET":
        raise EcholessError(NOT_ELIGIBLE.code, NOT_ELIGIBLE.message, param=NOT_ELIGIBLE.param)
