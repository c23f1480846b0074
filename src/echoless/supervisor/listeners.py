"""Listening sockets: made and kept by the supervisor, so that connections survive the gateway they were meant for.

Each gateway has its own socket of one SO_REUSEPORT group: the kernel spreads connections evenly, where one shared
socket was measured to send almost all of them to one process.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

BACKLOG: Final = 1024
OPERATOR_SOCKET_NAME: Final = "operator.sock"
_STARTING: Final = b"The server is starting again; try again shortly."
_STOPPING: Final = b"The server is stopping and takes no new work; send this again shortly. Nothing was read."


def listen_http(host: str, port: int, count: int) -> list[socket.socket]:
    """Return `count` listening sockets on one address.

    port:   0 for any free one; all sockets then share it
    raises: EcholessError(CONFIGURATION) when the address cannot be had
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        # Without SO_REUSEPORT this fails while anybody else listens there; with it, we might share with a stranger.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            address = probe.getsockname()
        return [_listen(family, address) for _ in range(count)]
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "unknown host"
    raise EcholessError(ErrorCode.CONFIGURATION, f"cannot listen on {host} port {port}: {reason}")


def _listen(family: int, address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(address)
    listener.listen(BACKLOG)
    return listener


def listen_operator(data_directory: Path) -> socket.socket:
    """Return the operator's listening socket below the data directory, for this user only.

    The path goes through a directory descriptor, since Unix socket paths end at 107 bytes.
    """
    path = data_directory / OPERATOR_SOCKET_NAME
    path.unlink(missing_ok=True)
    directory = os.open(data_directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        umask = os.umask(0o177)
        try:
            listener.bind(f"/proc/self/fd/{directory}/{OPERATOR_SOCKET_NAME}")
        finally:
            os.umask(umask)
        listener.listen(16)
    finally:
        os.close(directory)
    return listener


def answer_unavailable(listener: socket.socket, *, is_tls: bool, is_stopping: bool) -> None:
    """Take one waiting connection of a gateway that is not there and answer 503; with TLS just close it."""
    with contextlib.suppress(OSError):
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(0.2)
            if not is_tls:
                connection.sendall(_unavailable(_STOPPING if is_stopping else _STARTING))
                connection.shutdown(socket.SHUT_WR)


def _unavailable(message: bytes) -> bytes:
    """Return a whole response: the answer of a gateway where there is none."""
    body = (
        b'{"detail":{"type":"service_unavailable","code":"engine_unavailable","status":"engine_unavailable",'
        b'"message":"' + message + b'"}}'
    )
    return (
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
        b"content-type: application/json\r\ncache-control: no-store\r\n"
        b"content-length: " + str(len(body)).encode() + b"\r\n\r\n"
    ) + body
