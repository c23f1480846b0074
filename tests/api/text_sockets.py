"""A client of the text sockets, as thin as can be."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.fakes.running_server import RunningServer

VOICE = "JBFqnCBsd6RMkjVDRZzb"
INIT: dict[str, Any] = {"text": " "}
END: dict[str, Any] = {"text": ""}


@dataclass
class Heard:
    """Everything that a socket said."""

    headers: dict[str, str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    close_code: int = 0

    def of(self, context_id: str | None) -> list[dict[str, Any]]:
        return [message for message in self.messages if message.get("contextId") == context_id]

    @property
    def audio(self) -> bytes:
        return audio_of(self.messages)

    @property
    def text(self) -> str:
        return "".join("".join((message.get("alignment") or {"chars": []})["chars"]) for message in self.messages)

    @property
    def error(self) -> str:
        return str(self.messages[-1].get("error", "")) if self.messages else ""


def audio_of(messages: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(message.get("audio") or "") for message in messages)


def open_socket(
    server: RunningServer, query: str = "", name: str = "stream-input", key: str | None = "", voice: str = VOICE
) -> ClientConnection:
    """Open a socket of text to speech; key: empty for the server's own, None for none."""
    return open_at(server, f"/v1/text-to-speech/{voice}/{name}?{query}", key)


def open_at(server: RunningServer, target: str, key: str | None = "") -> ClientConnection:
    """Open a socket at a path with its query; key: as above."""
    address = server.base_url.replace("http", "ws", 1)
    headers = {} if key is None else {"xi-api-key": key or server.api_key}
    return connect(f"{address}{target}", additional_headers=headers, max_size=None, open_timeout=30)


def send(opened: ClientConnection, *messages: dict[str, Any] | str | bytes) -> None:
    for message in messages:
        opened.send(json.dumps(message) if isinstance(message, dict) else message)


def rest_of(opened: ClientConnection) -> Heard:
    """Read until the close."""
    assert opened.response is not None
    heard = Heard({name.lower(): value for name, value in opened.response.headers.raw_items()})
    try:
        while True:
            heard.messages.append(json.loads(opened.recv(20)))
    except ConnectionClosed:
        heard.close_code = opened.close_code or 0
    return heard


def talk(server: RunningServer, query: str, *messages: dict[str, Any] | str | bytes, **how: Any) -> Heard:
    """Say all messages, then listen until the close."""
    with open_socket(server, query, **how) as opened:
        return _said(opened, messages)


def talk_at(
    server: RunningServer, target: str, *messages: dict[str, Any] | str | bytes, key: str | None = ""
) -> Heard:
    """Say all messages on a socket at a path, then listen until the close."""
    with open_at(server, target, key) as opened:
        return _said(opened, messages)


def _said(opened: ClientConnection, messages: Iterable[dict[str, Any] | str | bytes]) -> Heard:
    # A socket that was refused is closed before everything is said.
    with contextlib.suppress(ConnectionClosed):
        send(opened, *messages)
    return rest_of(opened)
