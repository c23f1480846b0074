"""A gateway of the usual parts behind the wall: uvicorn, httptools, FastAPI, TLS, threads, signals.

Serves on an inherited listening socket after entering, prints one JSON line with what the wall lacks, and ends
on SIGTERM. Arguments: the socket's descriptor, then optionally certificate and key, then forbidden files.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse

from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter

Message = dict[str, Any]


def application(forbidden: list[str]) -> FastAPI:
    """Return routes that use what a gateway uses."""
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> StreamingResponse:
        body = await request.body()

        async def parts() -> AsyncIterator[bytes]:
            for at in range(0, len(body), 65536):
                yield body[at : at + 65536]
                await asyncio.sleep(0)

        return StreamingResponse(parts())

    @app.get("/thread")
    def thread() -> dict[str, str]:
        return {"thread": threading.current_thread().name}

    @app.get("/read")
    async def read() -> dict[str, list[str]]:
        answers = []
        for path in forbidden:
            try:
                os.close(os.open(path, os.O_RDONLY))
                answers.append("read")
            except OSError as error:
                answers.append(type(error).__name__)
        return {"answers": answers}

    @app.websocket("/socket")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close()

    return app


async def warm(app: FastAPI) -> None:
    """Send one request through the whole app, so that nothing is imported later."""
    sent: list[str] = []
    waiting: list[Message] = [{"type": "http.request", "body": b"warm", "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        # A client that stays: the response listens for its leaving meanwhile.
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message["type"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/echo",
        "raw_path": b"/echo",
        "query_string": b"",
        "headers": [],
        "client": None,
        "server": None,
    }
    await app(scope, receive, send)  # type: ignore[arg-type]  # plain ASGI dictionaries
    assert "http.response.start" in sent


def main() -> None:
    """Enter the wall, then serve."""
    descriptor, certificate, key, *forbidden = sys.argv[1:]
    inherited = socket.socket(fileno=int(descriptor))
    app = application(forbidden)
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="asyncio",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        ssl_certfile=certificate or None,
        ssl_keyfile=key or None,
    )
    config.load()
    server = uvicorn.Server(config)
    asyncio.run(warm(app))
    profile = SandboxProfile(Role.GATEWAY, interpreter_paths(), forbidden=tuple(forbidden))
    facts = enter(profile, audit_view=False)
    sys.stdout.write(json.dumps({"missing": missing_properties(facts)}) + "\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    asyncio.run(server.serve(sockets=[inherited]))


if __name__ == "__main__":
    main()
