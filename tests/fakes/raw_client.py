"""A client that may break every rule of HTTP: it sends bytes as given and reads answers one by one."""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field

VOICE = "JBFqnCBsd6RMkjVDRZzb"
SPEECH = f"/v1/text-to-speech/{VOICE}"


@dataclass(slots=True)
class RawAnswer:
    """One answer. `is_whole` is false where the connection ended before the framing said so."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False

    @property
    def detail(self) -> dict[str, object] | list[dict[str, object]]:
        """The `detail` of an error."""
        return json.loads(self.body)["detail"]

    @property
    def code(self) -> str:
        """The error's code; `fields` for the list of fields at fault."""
        return "fields" if isinstance(self.detail, list) else str(self.detail["code"])


class RawConnection:
    """One connection."""

    def __init__(self, base_url: str, timeout_s: float = 20.0, receive_buffer_bytes: int | None = None) -> None:
        place = urllib.parse.urlsplit(base_url)
        assert place.hostname is not None and place.port is not None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.socket.settimeout(timeout_s)
        try:
            self.socket.connect((place.hostname, place.port))
        except OSError:
            self.socket.close()
            raise
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.socket.sendall(data)

    def answer(self) -> RawAnswer | None:
        """Read the next answer to its end, or None where the connection ends without one."""
        answer = self.head()
        if answer is not None:
            for piece in self.pieces(answer):
                answer.body += piece
        return answer

    def head(self) -> RawAnswer | None:
        """Read status and headers of the next answer, or None where the connection ends without one."""
        with contextlib.suppress(ConnectionError):
            line = self._file.readline()
            if line:
                answer = RawAnswer(int(line.split()[1]))
                while (line := self._file.readline()).strip():
                    name, _, value = line.decode("latin-1").partition(":")
                    answer.headers[name.lower()] = value.strip()
                # Without the empty line the headers are not whole, and neither is the answer.
                return answer if line else None
        return None

    def pieces(self, answer: RawAnswer) -> Iterator[bytes]:
        """Yield the body as it comes; sets `is_whole` at its end."""
        with contextlib.suppress(ConnectionError):
            if answer.headers.get("transfer-encoding") == "chunked":
                yield from self._chunks(answer)
            else:
                wanted = int(answer.headers.get("content-length", "0"))
                while wanted and (data := self._file.read1(min(wanted, 65536))):
                    wanted -= len(data)
                    yield data
                answer.is_whole = not wanted

    def _chunks(self, answer: RawAnswer) -> Iterator[bytes]:
        while (line := self._file.readline()).endswith(b"\n"):
            size = int(line, 16)
            data = self._file.read(size + 2)
            if len(data) < size + 2:
                return
            if not size:
                answer.is_whole = True
                return
            yield data[:-2]

    def is_ended(self) -> bool:
        """Wait for the end of the connection; True once it came, False after the timeout."""
        try:
            while self._file.read1(65536):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def close(self) -> None:
        """Close."""
        self._file.close()
        self.socket.close()


@contextlib.contextmanager
def raw_connection(
    base_url: str, timeout_s: float = 20.0, receive_buffer_bytes: int | None = None
) -> Iterator[RawConnection]:
    """A connection for the length of a block."""
    connection = RawConnection(base_url, timeout_s, receive_buffer_bytes)
    try:
        yield connection
    finally:
        connection.close()


def request_bytes(method: str, path: str, *headers: str, body: bytes | None = None, key: str = "") -> bytes:
    """A request as bytes; the length is stated unless a header names its own framing."""
    lines = [f"{method} {path} HTTP/1.1", "host: test", "content-type: application/json", *headers]
    if key:
        lines.append(f"xi-api-key: {key}")
    if body is not None and not any(line.startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def open_generations(base_url: str, key: str, model_id: str = "eleven_multilingual_v2") -> int:
    """How many generations of the workspace are open beside the one that asks, by its answer's header.

    model_id: the fast models have places of their own, and only those are told where one of them is asked
    """
    body = json.dumps({"text": "a", "model_id": model_id}).encode()
    asked = request_bytes("POST", f"{SPEECH}?enable_logging=false", body=body, key=key)
    with raw_connection(base_url) as connection:
        connection.send(asked)
        answer = connection.answer()
    assert answer is not None and answer.status == 200, answer
    return int(answer.headers["current-concurrent-requests"]) - 1
