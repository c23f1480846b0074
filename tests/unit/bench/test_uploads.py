"""A form is sent in pieces, with its length, and a refusal is an error."""

from __future__ import annotations

import email
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from echoless.bench.uploads import FormUpload, UploadClient
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit

UPLOAD = FormUpload({"model_id": "m"}, "file", (b"ab", b"cd"), 4)


def test_the_body_is_a_form_of_the_stated_length() -> None:
    length, pieces = UPLOAD.body()
    body = b"".join(pieces)
    assert len(body) == length
    field, file = email.message_from_bytes(
        f"content-type: {UPLOAD.media_type}\r\n\r\n".encode() + body
    ).get_payload()
    assert not isinstance(field, str)
    assert not isinstance(file, str)
    assert (field.get_payload(), file.get_payload(decode=True)) == ("m", b"abcd")


@pytest.fixture
def address() -> Iterator[str]:
    """A server that counts what it is sent, and refuses one path."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            count = len(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(503 if self.path == "/refused" else 200)
            answer = b"%d" % count
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_everything_arrives_over_one_connection(address: str) -> None:
    client = UploadClient(address, "k")
    for _ in range(2):
        seconds, answer = client.send("/", UPLOAD)
        assert (seconds > 0, int(answer)) == (True, UPLOAD.body()[0])
    with pytest.raises(EcholessError, match="503"):
        client.send("/refused", UPLOAD)
    client.close()
