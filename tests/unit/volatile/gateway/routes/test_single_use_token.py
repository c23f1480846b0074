"""Single-use tokens are made as they were asked for, or not at all."""

from __future__ import annotations

import http.client
import json
from typing import Any

import anyio.to_thread
import pytest

from tests.fakes.fake_vault import API_KEY
from tests.fakes.socket_gateway import SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def mint(gateway: SocketGateway, kind: str, body: Any) -> tuple[int, dict[str, Any]]:
    def ask() -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        data = None if body is None else json.dumps(body)
        connection.request("POST", f"/v1/single-use-token/{kind}", data, {"xi-api-key": API_KEY})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    return await anyio.to_thread.run_sync(ask)


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (None, "sutkn_anytts_websocket"),
        ({}, "sutkn_anytts_websocket"),
        ({"enable_logging": True}, "sutkn_anytts_websocket"),
        ({"enable_logging": False}, "sutkn_zerotts_websocket"),
    ],
)
async def test_a_token_is_pinned_where_its_body_says_so(body: Any, token: str) -> None:
    async with socket_gateway() as gateway:
        assert await mint(gateway, "tts_websocket", body) == (200, {"token": token})


@pytest.mark.parametrize(
    ("kind", "body"), [("other", {}), ("tts_websocket", {"enableLogging": False}), ("tts_websocket", [])]
)
async def test_what_cannot_be_meant_is_refused(kind: str, body: Any) -> None:
    async with socket_gateway() as gateway:
        status, answer = await mint(gateway, kind, body)
        assert (status, "token" in answer) == (422, False)
