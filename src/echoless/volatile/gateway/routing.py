"""A served route: a row of the endpoint table with its handler and what its documentation says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError
from echoless.retention.endpoints import ENDPOINT_BY_NAME, Endpoint
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.schemas.base import Body, Query
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_problems import SocketProblem, socket_problem_for

AUDIO_MEDIA_TYPES: Final = tuple(dict.fromkeys(audio.content_type for audio in AUDIO_FORMATS.values()))
STREAMED_MEDIA_TYPES: Final = tuple(
    dict.fromkeys(audio.content_type for audio in AUDIO_FORMATS.values() if audio.is_streamable)
)
Handler = Callable[[Call], Awaitable[None]]
SocketHandler = Callable[[SocketCall], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """One served endpoint.

    endpoint_name: `METHOD /template`, a row of the endpoint table
    media_types:   what a 200 answer may be
    is_public:     served without a key and without a ticket
    needs_voice:   whether the voice in the path must exist before the body is read
    form:          the fields of a multipart body, in place of `body`; `form_files` names its files
    upload_bytes_max: for a recording as body: the largest that the product takes, if the server takes as much
    is_file_required: whether a form without its file is refused
    token_name:    the parameter of the query that may hold a single-use token in place of a key
    is_always_served: also while the server drains, for whoever watches it
    reads_credential: of a public one, whether its handler looks at what was shown
    """

    endpoint_name: str
    handler: Handler
    summary: str
    query: type[Query] | None = None
    body: type[Body] | None = None
    is_body_required: bool = True
    form: type[Body] | None = None
    form_files: tuple[str, ...] = ()
    media_types: tuple[str, ...] = ("application/json",)
    is_public: bool = False
    needs_voice: bool = False
    upload_bytes_max: int = 0
    is_file_required: bool = True
    token_name: str = ""
    is_always_served: bool = False
    reads_credential: bool = False

    @property
    def endpoint(self) -> Endpoint:
        """The row; a route without one cannot be built into an app."""
        return ENDPOINT_BY_NAME[self.endpoint_name]


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """One served socket.

    endpoint_name: `WS /template`, a row of the endpoint table
    needs_voice:   whether the voice in the path must exist before a message is read
    problem_for:   how its errors look
    """

    endpoint_name: str
    handler: SocketHandler
    summary: str
    query: type[Query]
    needs_voice: bool = False
    problem_for: Callable[[EcholessError], SocketProblem] = socket_problem_for


def socket_table(routes: Iterable[SocketRoute]) -> Mapping[str, SocketRoute]:
    """Return the sockets by the name of their endpoint.

    raises: KeyError for a socket without a row in the table: nobody decided what zero retention means there
    """
    table: dict[str, SocketRoute] = {}
    for route in routes:
        assert route.endpoint_name not in table, "two sockets for one endpoint"
        table[ENDPOINT_BY_NAME[route.endpoint_name].name] = route
    return table


def route_table(routes: Iterable[Route]) -> Mapping[str, Route]:
    """Return the routes by the name of their endpoint.

    raises: KeyError for a route without a row in the endpoint table: nobody decided what zero retention means there
    """
    table: dict[str, Route] = {}
    for route in routes:
        assert route.endpoint_name not in table, "two routes for one endpoint"
        table[route.endpoint.name] = route
    return table
