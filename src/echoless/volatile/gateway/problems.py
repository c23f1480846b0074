"""The only place that knows HTTP statuses and the bodies of errors.

Messages are constant texts about fields and limits: no submitted value ever comes back.
source: the wire contract, errors; `status` is the older twin of `code`, both are always sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import RequestRefusedError

_STATUSES: Final = {
    ErrorCode.INVALID_PARAMETERS: 400,
    ErrorCode.INVALID_REQUEST_ID: 400,
    ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED: 400,
    # A refusal by policy is never 5xx: clients would send the content again.
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED: 400,
    ErrorCode.ZERO_RETENTION_ENFORCED: 400,
    ErrorCode.INVALID_MODEL_ID: 400,
    ErrorCode.INVALID_AUDIO: 400,
    ErrorCode.AUDIO_TOO_SHORT: 400,
    ErrorCode.AUDIO_TOO_LONG: 400,
    ErrorCode.TOO_MANY_CHANNELS: 400,
    ErrorCode.NO_WEBHOOK_CONFIGURED: 400,
    ErrorCode.CONTENT_AGAINST_POLICY: 400,
    ErrorCode.INVALID_API_KEY: 401,
    ErrorCode.AUTHENTICATION_REQUIRED: 401,
    ErrorCode.INVALID_TOKEN: 401,
    ErrorCode.INVALID_CREDENTIALS: 401,
    ErrorCode.MISSING_PERMISSIONS: 401,
    ErrorCode.QUOTA_EXCEEDED: 401,
    ErrorCode.ZERO_RETENTION_NOT_PERMITTED: 403,
    ErrorCode.NOT_AVAILABLE: 404,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.VOICE_NOT_FOUND: 404,
    ErrorCode.MODEL_NOT_FOUND: 404,
    ErrorCode.DICTIONARY_NOT_FOUND: 404,
    ErrorCode.HISTORY_ITEM_NOT_FOUND: 404,
    ErrorCode.TRANSCRIPT_NOT_FOUND: 404,
    ErrorCode.WEBHOOK_NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.REQUEST_TIMEOUT: 408,
    ErrorCode.FILE_TOO_LARGE: 413,
    ErrorCode.CONCURRENT_LIMIT_EXCEEDED: 429,
    ErrorCode.RATE_LIMIT_EXCEEDED: 429,
    ErrorCode.ENGINE_UNAVAILABLE: 503,
    ErrorCode.STORE_UNAVAILABLE: 503,
}
_TYPES: Final = {
    400: "validation_error",
    401: "authentication_error",
    403: "authorization_error",
    404: "not_found",
    405: "validation_error",
    408: "validation_error",
    409: "conflict",
    413: "validation_error",
    429: "rate_limit_error",
    503: "service_unavailable",
}
_RETRIED: Final = {429, 503}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault.

    location: `body`, `query` or `path`, then names of our schemas or indices; never a key that a client chose
    """

    location: tuple[str | int, ...]
    message: str
    kind: str


class UnprocessableError(EcholessError):
    """A request whose fields do not fit the schema."""

    def __init__(self, fields: Iterable[FieldError]) -> None:
        super().__init__(ErrorCode.INVALID_PARAMETERS, "Fields do not fit the schema.")
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says why not.

    retry_after_s: 0 where coming again does not help
    """

    status: int
    code: str
    body: bytes
    retry_after_s: int


def misplaced_switch(*location: str) -> UnprocessableError:
    """Return the error for a switch where it has no effect, or that cannot be read; it names the right place."""
    message = "Zero retention is asked for by the query parameter enable_logging, given once: true, false, 1 or 0."
    return UnprocessableError([FieldError(location or ("query", "enable_logging"), message, "switch")])


def problem_for(error: EcholessError, request_id: str, capsule: str = "") -> Problem:
    """Return status and body for an error.

    capsule: a sealed diagnosis that goes with it; empty where there is none
    """
    if isinstance(error, UnprocessableError):
        return Problem(422, error.code.value, _field_list(error.fields), 0)
    status = _STATUSES.get(error.code, 500)
    code = error.code if status != 500 else ErrorCode.INTERNAL_ERROR
    detail: dict[str, Any] = {
        "type": _TYPES.get(status, "internal_error"),
        "code": code.value,
        "status": code.value,
        "message": "Something went wrong on our side." if status == 500 else error.public_description,
        "request_id": request_id,
    }
    if error.param is not None:
        detail["param"] = error.param
    if capsule:
        detail["capsule"] = capsule
    wanted = error.refused.retry_after_s if isinstance(error, RequestRefusedError) else 0
    retry_after_s = max(1, wanted) if status in _RETRIED else 0
    return Problem(status, code.value, msgspec.json.encode({"detail": detail}), retry_after_s)


def _field_list(fields: tuple[FieldError, ...]) -> bytes:
    items = [{"loc": list(item.location), "msg": item.message, "type": item.kind} for item in fields]
    return msgspec.json.encode({"detail": items})
