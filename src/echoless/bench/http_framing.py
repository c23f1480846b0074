"""HTTP/1.1 as the load generator speaks it: one prepared request per job, answers parsed only as far as needed.

source: RFC 9112, message bodies with a length or in chunks
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from echoless.bench.corpus import BenchText
from echoless.bench.load import LoadClient
from echoless.core.errors import EcholessError, ErrorCode

_MODEL: Final = "eleven_flash_v2_5"
_HEAD_BYTES_MAX: Final = 16 * 1024


def prepared_requests(
    url: str, api_key: str, texts: Sequence[BenchText], *, suffix: str, output_format: str, is_zero: bool
) -> list[bytes]:
    """Return the bytes of one request per text.

    suffix: what follows the voice in the path, for example `/stream`
    """
    host = urlsplit(url).netloc
    switch = "&enable_logging=false" if is_zero else ""
    requests = []
    for item in texts:
        body = json.dumps({"text": item.text, "model_id": _MODEL}).encode()
        path = f"/v1/text-to-speech/{item.catalogue_id}{suffix}?output_format={output_format}{switch}"
        head = (
            f"POST {path} HTTP/1.1\r\n"
            f"host: {host}\r\nxi-api-key: {api_key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def http_clients(url: str, requests: Sequence[bytes], count: int) -> list[LoadClient]:
    """Open so many keep-alive connections."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None, "a server of our own has a port"
    clients = []
    for _ in range(count):
        end = socket.create_connection((parts.hostname, parts.port))
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clients.append(LoadClient(end, HttpFraming(requests)))
    return clients


class HttpFraming:
    """Requests that are already bytes; answers by length or in chunks."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = requests
        self._head = bytearray()
        self._is_in_body = False
        self._is_chunked = False
        self._left = 0
        self._line = bytearray()

    def request(self, job_index: int) -> bytes:
        """Return a request and forget the answer before."""
        self._head.clear()
        self._line.clear()
        self._is_in_body = False
        self._left = 0
        return self._requests[job_index]

    def feed(self, data: memoryview) -> tuple[int, bool]:
        """Take bytes of the answer."""
        if self._is_in_body:
            return self._body(data)
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > _HEAD_BYTES_MAX:
                raise _broken("an endless head")
            return 0, False
        rest = memoryview(bytes(self._head[end + 4 :]))
        self._begin_body(bytes(self._head[:end]).lower())
        return self._body(rest)

    def _begin_body(self, head: bytes) -> None:
        status = head.split(b" ", 2)[1]
        if status != b"200":
            raise _broken(f"status {int(status)}")
        self._is_in_body = True
        self._is_chunked = b"\r\ntransfer-encoding: chunked" in head
        if not self._is_chunked:
            _, _, length = head.partition(b"\r\ncontent-length:")
            self._left = int(length.split(b"\r\n", 1)[0])

    def _body(self, data: memoryview) -> tuple[int, bool]:
        if not self._is_chunked:
            self._left -= len(data)
            return len(data), self._left == 0
        audio = place = 0
        while place < len(data):
            if self._left > 2:
                # The two bytes behind a chunk are not audio.
                took = min(self._left - 2, len(data) - place)
                audio += took
                place += took
                self._left -= took
            elif self._left:
                took = min(self._left, len(data) - place)
                place += took
                self._left -= took
                if self._left == 0 and self._line == b"end":
                    return audio, True
            else:
                place = self._size_line(data, place)
        return audio, False

    def _size_line(self, data: memoryview, place: int) -> int:
        """Read on in a line that says how long the next chunk is; returns the place behind what was read."""
        end = bytes(data[place : place + 64]).find(b"\n")
        stop = len(data) if end < 0 else place + end + 1
        self._line += data[place:stop]
        if self._line.endswith(b"\n"):
            size = int(bytes(self._line).split(b";")[0], 16)
            self._left = size + 2
            self._line[:] = b"" if size else b"end"
        return stop


def _broken(what: str) -> EcholessError:
    return EcholessError(ErrorCode.CROSSING_BROKEN, f"the server answered with {what}")
