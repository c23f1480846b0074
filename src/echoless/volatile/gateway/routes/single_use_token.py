"""`/v1/single-use-token/{token_type}`: a credential for a browser, for one use.

source: the wire contract, authentication; zero retention, section 5
"""

from __future__ import annotations

from typing import Final

from echoless.crossing.socket_records import MintToken, TokenKind, TokenMinted
from echoless.volatile.gateway.bodies import parse_object, read_body
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError, misplaced_switch
from echoless.volatile.gateway.request_line import looks_like_switch
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.single_use_token import SingleUseTokenBody

_KINDS: Final = {kind.value: kind for kind in TokenKind}
_SWITCH: Final = "enable_logging"


async def mint(call: Call) -> None:
    """Make a token for the key that asks."""
    kind = _KINDS.get(call.path_id(0))
    if kind is None:
        raise UnprocessableError([FieldError(("path", "token_type"), "There is no such kind of token.", "enum")])
    data = await read_body(call)
    members = parse_object(data) if data else {}
    if any(looks_like_switch(name) and name != _SWITCH for name in members):
        # Whoever writes it believes that it pins the token.
        raise misplaced_switch("body", _SWITCH)
    body = SingleUseTokenBody.checked(members)
    is_pinned_zero = body.enable_logging is False
    answer = await call.open_ticket.ask(MintToken(kind=kind, is_pinned_zero=is_pinned_zero))
    assert isinstance(answer, TokenMinted)
    await call.answer({"token": answer.secret})


ROUTES: Final = (
    Route(
        "POST /v1/single-use-token/{token_type}",
        mint,
        "Make a single-use token",
        body=SingleUseTokenBody,
        is_body_required=False,
    ),
)
