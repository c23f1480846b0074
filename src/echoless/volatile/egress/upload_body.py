"""A multipart form whose file part is sent as it comes: nothing of a recording is gathered.

The file has a name of ours: the client's own is content and stays here.
source: RFC 7578
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import AsyncIterator, Iterable
from typing import Final

FILE_NAME: Final = "recording"
_RIFF_SIZE_UNKNOWN: Final = 0xFFFF_FFFF


class UploadBody:
    """One form. Iterate over it once.

    fields:     name and value of each, in order; a name may come several times
    file_field: the name of the part that the pieces are in
    """

    def __init__(
        self, fields: Iterable[tuple[str, str]], file_field: str, pieces: AsyncIterator[bytes], extension: str = ""
    ) -> None:
        self._fields = tuple(fields)
        self._file_field = file_field
        self._pieces = pieces
        self._file_name = FILE_NAME + extension
        self._boundary = secrets.token_hex(16)

    @property
    def content_type(self) -> str:
        """The value of the content-type header."""
        return f"multipart/form-data; boundary={self._boundary}"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        for name, value in self._fields:
            yield (
                f'--{self._boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            ).encode()
        yield (
            f'--{self._boundary}\r\ncontent-disposition: form-data; name="{self._file_field}"; '
            f'filename="{self._file_name}"\r\ncontent-type: application/octet-stream\r\n\r\n'
        ).encode()
        async for piece in self._pieces:
            yield piece
        yield f"\r\n--{self._boundary}--\r\n".encode()


def wave_header(sample_rate_hz: int) -> bytes:
    """Return the head of a WAVE file of mono 16-bit samples whose length is not known yet.

    source: Microsoft RIFF; the largest size stands for an unknown one, as encoders write it into pipes
    """
    form = struct.pack("<HHIIHH", 1, 1, sample_rate_hz, sample_rate_hz * 2, 2, 16)
    return b"".join(
        (
            b"RIFF", struct.pack("<I", _RIFF_SIZE_UNKNOWN), b"WAVEfmt ", struct.pack("<I", len(form)), form,
            b"data", struct.pack("<I", _RIFF_SIZE_UNKNOWN),
        )
    )  # fmt: skip
