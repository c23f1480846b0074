"""The error events of live recognition. Messages are constant texts about fields and limits.

source: the wire contract, speech to text, section 4.3; zero retention, section 3
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.socket_problems import POLICY, SERVER_FAULT, SocketProblem
from echoless.volatile.speech.listening_flow import ErrorKind, ListeningError

_KINDS: Final = MappingProxyType(
    {
        ErrorCode.INVALID_API_KEY: ErrorKind.AUTH_ERROR,
        ErrorCode.INVALID_TOKEN: ErrorKind.AUTH_ERROR,
        ErrorCode.AUTHENTICATION_REQUIRED: ErrorKind.AUTH_ERROR,
        ErrorCode.MISSING_PERMISSIONS: ErrorKind.AUTH_ERROR,
        ErrorCode.ZERO_RETENTION_NOT_PERMITTED: ErrorKind.AUTH_ERROR,
        ErrorCode.ZERO_RETENTION_NOT_SUPPORTED: ErrorKind.INVALID_REQUEST,
        ErrorCode.QUOTA_EXCEEDED: ErrorKind.QUOTA_EXCEEDED,
        ErrorCode.CONCURRENT_LIMIT_EXCEEDED: ErrorKind.RESOURCE_EXHAUSTED,
        ErrorCode.INVALID_PARAMETERS: ErrorKind.INVALID_REQUEST,
        ErrorCode.INVALID_MODEL_ID: ErrorKind.INVALID_REQUEST,
        ErrorCode.MODEL_NOT_FOUND: ErrorKind.INVALID_REQUEST,
        ErrorCode.NOT_AVAILABLE: ErrorKind.INVALID_REQUEST,
        ErrorCode.INVALID_MESSAGE: ErrorKind.INPUT_ERROR,
    }
)
_SERVER_FAULTS: Final = frozenset({ErrorKind.TRANSCRIBER_ERROR, ErrorKind.ERROR})


def listening_problem_for(error: EcholessError) -> SocketProblem:
    """Return event and close code for an error that ends a session."""
    kind = _kind_of(error)
    close_code = SERVER_FAULT if kind in _SERVER_FAULTS else POLICY
    code = ErrorCode.INTERNAL_ERROR if kind is ErrorKind.ERROR else error.code
    frame = msgspec.json.encode({"message_type": kind.value, "error": _text_of(error, kind)})
    return SocketProblem(code.value, close_code, frame)


def _kind_of(error: EcholessError) -> ErrorKind:
    if isinstance(error, ListeningError):
        return error.kind
    if isinstance(error, UnprocessableError):
        return ErrorKind.INVALID_REQUEST
    if error.code is ErrorCode.ENGINE_UNAVAILABLE:
        return ErrorKind.TRANSCRIBER_ERROR
    return _KINDS.get(error.code, ErrorKind.ERROR)


def _text_of(error: EcholessError, kind: ErrorKind) -> str:
    if kind is ErrorKind.ERROR:
        return "Something went wrong on our side."
    if isinstance(error, UnprocessableError):
        # Our own names of fields and limits; what was sent in them never comes back.
        told = "; ".join(f"{_place(item)}: {item.message.rstrip('.')}" for item in error.fields[:4])
        return f"These fields do not fit: {told}."
    if error.code is ErrorCode.ZERO_RETENTION_NOT_PERMITTED:
        return f"{error.code.value}: {error.public_description}"
    return error.public_description


def _place(item: FieldError) -> str:
    return ".".join(str(part) for part in item.location)
