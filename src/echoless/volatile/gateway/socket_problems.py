"""The error frames of text sockets. Messages are constant texts about fields and limits.

source: the wire contract, WebSocket errors
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.gateway.problems import UnprocessableError

NORMAL: Final = 1000
POLICY: Final = 1008
SERVER_FAULT: Final = 1011
_OURS: Final = frozenset(
    {
        ErrorCode.ENGINE_UNAVAILABLE, ErrorCode.INTERNAL_ERROR, ErrorCode.CONTENT_REFUSED,
        ErrorCode.UNKNOWN_TICKET, ErrorCode.CROSSING_BROKEN, ErrorCode.CONFIGURATION, ErrorCode.DATA_DIRECTORY,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SocketProblem:
    """A frame that says why, and the code to close with after it."""

    code: str
    close_code: int
    frame: bytes


def dialogue_problem_for(error: EcholessError) -> SocketProblem:
    """Return frame and close code for an error on a socket of dialogue, which also names the field at fault."""
    problem = socket_problem_for(error)
    param = _param_of(error)
    if not param or problem.close_code != POLICY:
        return problem
    body = {**msgspec.json.decode(problem.frame), "param": param}
    return SocketProblem(problem.code, problem.close_code, msgspec.json.encode(body))


def _param_of(error: EcholessError) -> str | None:
    if isinstance(error, UnprocessableError):
        return ".".join(str(part) for part in error.fields[0].location[1:]) if error.fields else None
    return error.param


def socket_problem_for(error: EcholessError, *, context_id: str = "") -> SocketProblem:
    """Return frame and close code for an error."""
    if isinstance(error, UnprocessableError):
        # Our own names of fields; what was sent in them never comes back.
        names = ", ".join(".".join(str(part) for part in item.location) for item in error.fields[:4])
        return _problem(ErrorCode.INVALID_MESSAGE, f"These fields do not fit: {names}.", POLICY, context_id)
    if error.code is ErrorCode.ENGINE_UNAVAILABLE:
        return _problem(error.code, error.public_description, SERVER_FAULT, context_id)
    if error.code in _OURS:
        return _problem(ErrorCode.INTERNAL_ERROR, "Something went wrong on our side.", SERVER_FAULT, context_id)
    return _problem(error.code, error.public_description, POLICY, context_id)


def with_capsule(problem: SocketProblem, capsule: str) -> SocketProblem:
    """Return it with a sealed diagnosis in its frame, where there is one."""
    if not capsule:
        return problem
    body = {**msgspec.json.decode(problem.frame), "capsule": capsule}
    return SocketProblem(problem.code, problem.close_code, msgspec.json.encode(body))


def _problem(code: ErrorCode, message: str, close_code: int, context_id: str) -> SocketProblem:
    body: dict[str, Any] = {"message": message, "error": code.value, "code": close_code}
    if context_id:
        body |= {"contextId": context_id, "context_id": context_id}
    return SocketProblem(code.value, close_code, msgspec.json.encode(body))
