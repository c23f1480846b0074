"""Uploads as the load generator sends them: one form with one file on a plain blocking connection."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_BOUNDARY: Final = "echoless-bench"
_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class FormUpload:
    """A form: some fields, then a file.

    file:       in pieces; none of them is held longer than it takes to send it
    file_bytes: of all pieces
    """

    fields: Mapping[str, str]
    file_field: str
    file: Iterable[bytes] = field(repr=False)
    file_bytes: int = 0

    @property
    def media_type(self) -> str:
        """The content-type to send it with."""
        return f"multipart/form-data; boundary={_BOUNDARY}"

    def body(self) -> tuple[int, Iterator[bytes]]:
        """Return the length of the whole body, and the body in pieces."""
        parts = [
            f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self.fields.items()
        ]
        named = f'form-data; name="{self.file_field}"; filename="f"\r\ncontent-type: application/octet-stream'
        head = ("".join(parts) + f"--{_BOUNDARY}\r\ncontent-disposition: {named}\r\n\r\n").encode()
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()

        def pieces() -> Iterator[bytes]:
            yield head
            yield from self.file
            yield tail

        return len(head) + self.file_bytes + len(tail), pieces()


class UploadClient:
    """One keep-alive connection."""

    def __init__(self, host: str, api_key: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=_TIMEOUT_S)
        self._key = api_key

    def send(self, path: str, upload: FormUpload) -> tuple[float, bytes]:
        """Send a form; return the seconds to the last byte of the answer, and the answer.

        raises: EcholessError(CROSSING_BROKEN) for an answer that is not a success
        """
        length, body = upload.body()
        headers = {"content-type": upload.media_type, "content-length": str(length), "xi-api-key": self._key}
        began_s = time.perf_counter()
        self._connection.request("POST", path, body=body, headers=headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, f"the server answered with status {response.status}")
        return time.perf_counter() - began_s, answer

    def speech(self, path: str, text: str, model_id: str) -> bytes:
        """Return what a server says.

        raises: EcholessError(CROSSING_BROKEN)
        """
        body = json.dumps({"text": text, "model_id": model_id}).encode()
        headers = {"content-type": "application/json", "xi-api-key": self._key}
        self._connection.request("POST", path, body=body, headers=headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, f"the server answered with status {response.status}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
