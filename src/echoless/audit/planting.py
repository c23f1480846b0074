"""One planting: a request with canaries in it, as JSON, as a form, or as the script of a socket. Data only.

Whatever a client chooses is content: texts, names and values of unknown JSON keys, headers, query, path, names of
files and fields, the boundary of a form, and credentials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from echoless.audit.canary import Canary
from echoless.audit.sounds import Sound

KEPT = "kept"
ZERO = "zero"


class Manner(StrEnum):
    """How a request is made, or a socket used."""

    WHOLE = "whole"
    """To its end: the last byte of the answer, or the close of the socket."""
    CANCELLED = "cancelled"
    """Left in the middle of the answer; a socket loses its connection without a close."""
    LEFT_WHILE_SENDING = "left_while_sending"
    """Left before the request was complete."""
    CLOSED_BY_CLIENT = "closed_by_client"
    """A socket that has answered and is closed by whoever asked."""
    HELD_OPEN = "held_open"
    """A socket that has answered and stays open, idle, while memory is searched."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part of a form; prints without what it carries.

    file_name:  None for a field
    media_type: empty sends no content-type
    headers:    more headers of the part
    """

    name: str = field(repr=False)
    value: bytes = field(repr=False)
    file_name: str | None = field(default=None, repr=False)
    media_type: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def encoded(self) -> bytes:
        """Return head and value as they stand between two boundaries."""
        named = f'; filename="{self.file_name}"' if self.file_name is not None else ""
        lines = [f'content-disposition: form-data; name="{self.name}"{named}']
        lines += [f"content-type: {self.media_type}"] if self.media_type else []
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.value


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart form.

    boundary: chosen by the client like everything else
    source:   RFC 7578
    """

    boundary: str = field(repr=False)
    parts: tuple[FormPart, ...]

    @property
    def media_type(self) -> str:
        """The content-type to send it with."""
        return f"multipart/form-data; boundary={self.boundary}"

    def encoded(self) -> bytes:
        """Return the whole body."""
        dashes = b"--" + self.boundary.encode()
        return b"".join(dashes + b"\r\n" + part.encoded() + b"\r\n" for part in self.parts) + dashes + b"--\r\n"


@dataclass(frozen=True, slots=True)
class Script:
    """What a socket is told, frame by frame; its answers are read once all is said.

    frames: text, or bytes for a binary frame
    awaits: what a message must hold before quiet means that all has been answered
    """

    frames: tuple[str | bytes, ...] = field(repr=False)
    awaits: bytes = b""


def _text_of_row(row: Mapping[str, object]) -> str:
    return str(row["text"])


@dataclass(frozen=True, slots=True)
class Planting:
    """One request with the canaries in it.

    method:    `WS` for a socket
    body:      a Form, a Script, bytes as they are, or anything else as JSON
    text:      the canary that is spoken; None where nothing is
    statuses:  what the answer must be for the canaries to count as planted; of a socket the code of its close
    audio_of:  takes the audio out of the body of a good answer; a socket's body has one message a line
    kept_text_of: takes what was spoken out of a row of the history
    kept_text:    what that must be; empty for the text itself
    sound:        the recording that is uploaded, where that is the content
    transcript_of: takes what was understood of it out of the body of a good answer
    item_of:       takes the id of what was kept out of the body, where no header names it; empty where nothing was
    """

    name: str
    is_kept: bool
    method: str
    path: str = field(repr=False)
    body: object = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    statuses: tuple[int, ...] = (200,)
    manner: Manner = Manner.WHOLE
    text: Canary | None = None
    output_format: str = ""
    audio_of: Callable[[bytes], bytes] = bytes
    kept_text_of: Callable[[Mapping[str, object]], str] = _text_of_row
    kept_text: str = field(default="", repr=False)
    sound: Sound | None = None
    transcript_of: Callable[[bytes], str] | None = None
    item_of: Callable[[bytes], str] | None = None

    @property
    def is_answered(self) -> bool:
        """Whether something is made of it, so that a mode must be stated."""
        return self.text is not None or bool(self.output_format) or self.transcript_of is not None

    @property
    def is_socket(self) -> bool:
        """Whether it is the script of a socket."""
        return isinstance(self.body, Script)


def mode_name(is_kept: bool) -> str:
    """Return how plantings of a mode are called."""
    return KEPT if is_kept else ZERO
