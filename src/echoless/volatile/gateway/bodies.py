"""Reads a request's body: only after admission granted, within a bound and a time.

JSON is parsed without a cache of strings: the usual parsers keep short ones for the next request.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from pydantic_core import from_json

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError, misplaced_switch
from echoless.volatile.gateway.request_line import looks_like_switch
from echoless.volatile.gateway.schemas.base import Body

B = TypeVar("B", bound=Body)


async def read_body(call: Call) -> bytes:
    """Read the whole body.

    raises: EcholessError(FILE_TOO_LARGE, REQUEST_TIMEOUT), ClientLeftError
    """
    try:
        async with asyncio.timeout(call.settings.body_timeout_s):
            return await _read_bounded(call)
    except TimeoutError:
        pass
    raise EcholessError(ErrorCode.REQUEST_TIMEOUT, "The body did not arrive in time.")


async def _read_bounded(call: Call) -> bytes:
    chunks: list[bytes] = []
    left = call.settings.body_bytes_max
    while True:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        chunk = message.get("body", b"")
        left -= len(chunk)
        if left < 0:
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, "The body is larger than this server takes.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            call.has_unread_body = False
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def read_schema(call: Call, schema: type[B], *, is_required: bool = True) -> B:
    """Read a JSON body as a schema.

    raises: UnprocessableError for what does not parse or fit, and for a switch that was put into the body;
            what `read_body` raises
    """
    data = await read_body(call)
    if not data and not is_required:
        return schema.checked({})
    members = parse_object(data)
    call.traces.note("body", members)
    if call.endpoint.is_generation and names_switch(members):
        # As for a misplaced one in the query: whoever sent it wanted nothing kept, and nothing is.
        call.mode = RetentionMode.ZERO
        raise misplaced_switch()
    return schema.checked(members)


def names_switch(members: dict[str, Any]) -> bool:
    """Say whether a key of a body looks like the switch, however deep."""
    left: list[Any] = [members]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left.extend(value)
        elif isinstance(value, dict):
            if any(looks_like_switch(key) for key in value):
                return True
            left.extend(value.values())
    return False


def parse_object(data: bytes | str) -> dict[str, Any]:
    """Parse a JSON object without keeping any of its strings.

    raises: UnprocessableError for what is no JSON, is nested too deeply, or is something else than an object
    """
    try:
        value = from_json(data, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    raise UnprocessableError([FieldError(("body",), "The body is not a JSON object.", "json_invalid")])
