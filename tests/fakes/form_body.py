"""Bodies of forms, part by part, as clients write them."""

from __future__ import annotations

from collections.abc import Iterable

BOUNDARY = "a-boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
HEADERS = {"content-type": CONTENT_TYPE}


def part(name: str, value: str | bytes, file_name: str | None = None) -> bytes:
    """Return one field, or one file where a file name is given."""
    named = f'; filename="{file_name}"' if file_name is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + (value.encode() if isinstance(value, str) else value) + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Return a whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def in_pieces(data: bytes, piece_bytes: int) -> list[bytes | None]:
    """Return a body as a connection brings it."""
    return [data[start : start + piece_bytes] for start in range(0, len(data), piece_bytes)]


def fields(values: Iterable[tuple[str, str]]) -> bytes:
    """Return several fields."""
    return b"".join(part(name, value) for name, value in values)
