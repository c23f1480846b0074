"""Multipart bodies: read as they come, kept in memory within bounds, never in a file.

source: RFC 7578; the parser is `multipart`'s, which is handed pieces and keeps none
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError, misplaced_switch
from echoless.volatile.gateway.request_line import looks_like_switch

_MULTIPART: Final = "multipart/form-data"
_PARTS_MAX: Final = 64
_FIELD_BYTES_MAX: Final = 64 * 1024
_HEADER_BYTES_MAX: Final = 4096
_NULL: Final = "null"

TakePiece = Callable[[bytes], None]


@dataclass(slots=True)
class Form:
    """What a form said: its fields, and which of the wanted files came.

    texts: by name; of repeats the last one counts, a literal `null` is absent
    """

    texts: dict[str, str] = field(default_factory=dict, repr=False)
    file_names: set[str] = field(default_factory=set)


async def read_form(call: Call, files: Mapping[str, TakePiece]) -> Form:
    """Read the whole form.

    files:  who takes the pieces of which file; a file of another name is passed over
    raises: UnprocessableError for what is no form, and for a switch that was put into it;
            EcholessError(FILE_TOO_LARGE, REQUEST_TIMEOUT), ClientLeftError; what the takers raise
    """
    try:
        async with asyncio.timeout(call.settings.body_timeout_s):
            return await _FormReader(call, files).read()
    except TimeoutError:
        pass
    raise EcholessError(ErrorCode.REQUEST_TIMEOUT, "The body did not arrive in time.")


class _FormReader:
    """Reads one form."""

    def __init__(self, call: Call, files: Mapping[str, TakePiece]) -> None:
        self._call = call
        self._files = files
        self._form = Form()
        self._name = ""
        self._value: bytearray | None = None
        self._take: TakePiece | None = None
        self._left_bytes = call.settings.body_bytes_max

    async def read(self) -> Form:
        """Read pieces until the last."""
        parser = self._parser()
        is_last = False
        while not is_last:
            data, is_last = await self._piece()
            if data and not self._parse(parser, data):
                raise _no_form()
        self._call.has_unread_body = False
        # An empty piece ends the form; one that is not whole is none.
        if not self._parse(parser, b""):
            raise _no_form()
        return self._form

    def _parser(self) -> PushMultipartParser:
        kind, options = parse_options_header(self._call.content_type)
        boundary = options.get("boundary", "")
        if kind != _MULTIPART or not 0 < len(boundary) <= 200 or not boundary.isascii():
            raise _no_form()
        return PushMultipartParser(
            boundary, max_header_size=_HEADER_BYTES_MAX, max_segment_count=_PARTS_MAX, strict=False
        )

    async def _piece(self) -> tuple[bytes, bool]:
        message = await self._call.receive()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        data: bytes = message.get("body", b"")
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, "The body is larger than this server takes.")
        return data, not message.get("more_body", False)

    def _parse(self, parser: PushMultipartParser, data: bytes) -> bool:
        """Take the events of one piece; False for what is no form."""
        try:
            for event in parser.parse(data):
                self._handle(event)
        except MultipartError:
            return False
        return True

    def _handle(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif event:
            self._add(event)
        else:
            self._end()

    def _begin(self, segment: MultipartSegment) -> None:
        self._name = segment.name or ""
        if self._call.endpoint.is_generation and looks_like_switch(self._name):
            # As for a misplaced one in the query: whoever sent it wanted nothing kept, and nothing is.
            self._call.mode = RetentionMode.ZERO
            raise misplaced_switch()
        self._take = self._files.get(self._name)
        if self._take is not None:
            self._form.file_names.add(self._name)
        self._value = bytearray() if self._take is None and segment.filename is None else None

    def _add(self, data: bytes) -> None:
        if self._take is not None:
            self._take(data)
        elif self._value is not None:
            self._value += data
            if len(self._value) > _FIELD_BYTES_MAX:
                raise EcholessError(ErrorCode.FILE_TOO_LARGE, "A field of the form is too long.")

    def _end(self) -> None:
        value, self._value, self._take = self._value, None, None
        if value is None:
            return
        text = value.decode("utf-8", "replace")
        value[:] = bytes(len(value))
        if text == _NULL:
            self._form.texts.pop(self._name, None)
        else:
            self._form.texts[self._name] = text


def _no_form() -> UnprocessableError:
    return UnprocessableError([FieldError(("body",), "The body is not multipart/form-data.", "form_invalid")])
