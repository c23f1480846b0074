"""A file server with ranges for the tests of the installer; it can break off, lie about parts, and count."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ModelServer:
    """What is served and what was asked for.

    breaks_after: the next answers send so many bytes of the body, then the connection ends; one for each answer
    """

    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"one"'
    breaks_after: list[int] = field(default_factory=list)
    ignores_ranges: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model_server: ModelServer

    def do_GET(self) -> None:
        server, wanted = self.model_server, self.headers.get("range", "")
        server.asked.append((self.path, wanted))
        data = server.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        is_same = self.headers.get("if-range", server.etag) == server.etag
        start = int(wanted[len("bytes=") : -1]) if wanted and is_same and not server.ignores_ranges else 0
        if start >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("content-range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("etag", server.etag)
        self.send_header("content-length", str(len(data) - start))
        self.end_headers()
        end = start + server.breaks_after.pop(0) if server.breaks_after else len(data)
        self.wfile.write(data[start:end])
        self.close_connection = end < len(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def model_server(**files: bytes) -> Iterator[ModelServer]:
    """Serve files by their name until the block ends."""
    state = ModelServer({f"/{name}": data for name, data in files.items()})
    handler = type("Handler", (_Handler,), {"model_server": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
