"""Multipart bodies: read as they come, kept in memory within bounds, never in a file.

source: RFC 7578; the parser is `multipart`'s, which is handed pieces and keeps none
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

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
_FIELDS_BYTES_MAX: Final = 256 * 1024
_HEADER_BYTES_MAX: Final = 4096
_NULL: Final = "null"
# What a field holds that says nothing: forms have no other way to leave a field out that they show.
_ABSENT: Final = frozenset({_NULL, ""})
# What a caller gets back as it came may hold anything.
_UNREAD: Final = frozenset({"webhook_metadata"})

# A letter of JSON text written by its number.
_ESCAPED: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")

TakePiece = Callable[[bytes], None]


@dataclass(slots=True)
class Form:
    """What a form said: its fields, and which of the wanted files came.

    texts: by name; of repeats the last one counts, a literal `null` or nothing is absent
    lists: by name, all values of fields that may be repeated; a literal `null` or nothing is none
    field_names: of all fields that came, absent values included
    """

    texts: dict[str, str] = field(default_factory=dict, repr=False)
    lists: dict[str, list[str]] = field(default_factory=dict, repr=False)
    file_names: set[str] = field(default_factory=set)
    field_names: set[str] = field(default_factory=set, repr=False)


@dataclass(frozen=True, slots=True)
class FileBegan:
    """A wanted file begins; its bytes come next, then FileEnded."""

    name: str


@dataclass(frozen=True, slots=True)
class FileEnded:
    """The file that began last is whole."""


FormEvent = FileBegan | bytes | FileEnded


@dataclass(frozen=True, slots=True)
class FormBounds:
    """How much of a form is taken.

    body_bytes_max: of everything
    parts_max:      fields and files
    idle_timeout_s: how long nothing may come; None where somebody else minds the time
    """

    body_bytes_max: int
    parts_max: int = _PARTS_MAX
    idle_timeout_s: float | None = None


async def read_form(call: Call, files: Mapping[str, TakePiece]) -> Form:
    """Read the whole form.

    files:  who takes the pieces of which file; a file of another name is passed over
    raises: UnprocessableError for what is no form, and for a switch that was put into it;
            EcholessError(FILE_TOO_LARGE, REQUEST_TIMEOUT), ClientLeftError; what the takers raise
    """
    try:
        async with asyncio.timeout(call.settings.body_timeout_s):
            return await _read_whole(FormReader(call, FormBounds(call.settings.body_bytes_max), files), files)
    except TimeoutError:
        pass
    raise _too_slow()


async def _read_whole(reader: FormReader, files: Mapping[str, TakePiece]) -> Form:
    name = ""
    while (event := await reader.next()) is not None:
        if isinstance(event, FileBegan):
            name = event.name
        elif isinstance(event, bytes):
            files[name](event)
    return reader.form


class FormReader:
    """Reads one form, event by event. It holds what one piece of the body brought, and fields.

    files: names of the wanted ones; a file of another name is passed over
    lists: names of the fields that may be repeated
    texts: names of fields, even where they come with a file name
    """

    def __init__(
        self,
        call: Call,
        bounds: FormBounds,
        files: Collection[str],
        lists: Collection[str] = (),
        texts: Collection[str] = (),
    ) -> None:
        self._call = call
        self._bounds = bounds
        self._files = files
        self._lists = lists
        self._texts = texts
        self._parser = _parser_for(call.content_type, bounds.parts_max)
        self._events: deque[FormEvent] = deque()
        self._name = ""
        self._value: bytearray | None = None
        self._is_in_file = False
        self._left_bytes = bounds.body_bytes_max
        self._left_field_bytes = _FIELDS_BYTES_MAX
        self._is_read = False
        self.form = Form()

    @property
    def is_whole(self) -> bool:
        """Whether the form has been read to its end and every event taken."""
        return self._is_read and not self._events

    async def next(self) -> FormEvent | None:
        """Return what comes next of the wanted files, or None once the form has been read to its end.

        raises: UnprocessableError for what is no form, and for a switch that was put into it;
                EcholessError(FILE_TOO_LARGE, REQUEST_TIMEOUT), ClientLeftError
        """
        while not self._events:
            if self._is_read:
                return None
            await self._read()
        return self._events.popleft()

    async def _read(self) -> None:
        """Take one piece of the body."""
        data, is_last = await self._piece()
        if data and not self._parse(data):
            raise _no_form()
        if is_last:
            self._call.has_unread_body = False
            # An empty piece ends the form; one that is not whole is none.
            if not self._parse(b""):
                raise _no_form()
            self._is_read = True

    async def _piece(self) -> tuple[bytes, bool]:
        message = None
        try:
            async with asyncio.timeout(self._bounds.idle_timeout_s):
                message = await self._call.receive()
        except TimeoutError:
            pass
        if message is None:
            raise _too_slow()
        if message["type"] == "http.disconnect":
            raise ClientLeftError
        data: bytes = message.get("body", b"")
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, "The body is larger than this server takes.")
        return data, not message.get("more_body", False)

    def _parse(self, data: bytes) -> bool:
        """Take the events of one piece; False for what is no form."""
        try:
            for event in self._parser.parse(data):
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
        if looks_like_switch(self._name) or _names_switch(segment):
            self._refuse_switch()
        self._is_in_file = self._name in self._files
        if self._is_in_file:
            self.form.file_names.add(self._name)
            self._events.append(FileBegan(self._name))
        is_text = segment.filename is None or self._name in self._texts
        self._value = bytearray() if is_text and not self._is_in_file else None

    def _refuse_switch(self) -> None:
        """Refuse a switch in the form, also in JSON that nobody here reads.

        raises: UnprocessableError
        """
        if self._call.endpoint.is_generation:
            # As for a misplaced one in the query: whoever sent it wanted nothing kept, and nothing is.
            self._call.mode = RetentionMode.ZERO
            raise misplaced_switch()

    def _add(self, data: bytes) -> None:
        if self._is_in_file:
            self._events.append(data)
        elif self._value is not None:
            self._value += data
            self._left_field_bytes -= len(data)
            if len(self._value) > _FIELD_BYTES_MAX or self._left_field_bytes < 0:
                raise EcholessError(ErrorCode.FILE_TOO_LARGE, "A field of the form is too long.")

    def _end(self) -> None:
        if self._is_in_file:
            self._is_in_file = False
            self._events.append(FileEnded())
        value, self._value = self._value, None
        if value is None:
            return
        text = value.decode("utf-8", "replace")
        value[:] = bytes(len(value))
        is_read = text.lstrip()[:1] in {"{", "["} and self._name not in _UNREAD
        if is_read and looks_like_switch(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)):
            self._refuse_switch()
        self.form.field_names.add(self._name)
        if self._name in self._lists:
            self.form.lists.setdefault(self._name, []).extend([text] if text not in _ABSENT else ())
        elif text in _ABSENT:
            self.form.texts.pop(self._name, None)
        else:
            self.form.texts[self._name] = text


def _names_switch(segment: MultipartSegment) -> bool:
    """Say whether a part's own headers hold the switch: as a header, or in what one says, a file's name included.

    Names may come percent-encoded, as in RFC 5987, section 3.2; a second name counts as much as the first.
    """
    words = [unquote_to_bytes(word).decode("utf-8", "replace") for header in segment.headerlist for word in header]
    return any(looks_like_switch(word) for word in (*words, segment.filename or ""))


def _parser_for(content_type: str, parts_max: int) -> PushMultipartParser:
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != _MULTIPART or not 0 < len(boundary) <= 200 or not boundary.isascii():
        raise _no_form()
    return PushMultipartParser(
        boundary, max_header_size=_HEADER_BYTES_MAX, max_segment_count=parts_max, strict=False
    )


def _no_form() -> UnprocessableError:
    return UnprocessableError([FieldError(("body",), "The body is not multipart/form-data.", "form_invalid")])


def _too_slow() -> EcholessError:
    return EcholessError(ErrorCode.REQUEST_TIMEOUT, "The body did not arrive in time.")
