"""How a socket's end is told to the vault."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import CloseStatus
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.socket_calls import SocketCall
from tests.fakes.gateway import gateway_config

pytestmark = pytest.mark.unit


class Services:
    clock = SystemClock()


def socket_call(messages: list[dict[str, Any]] | None = None) -> SocketCall:
    async def receive() -> dict[str, Any]:
        assert messages
        return messages.pop(0)

    return SocketCall(
        endpoint=ENDPOINT_BY_NAME["WS /v1/text-to-speech/{voice}/stream-input"], values=("secret voice",), query=(),
        switch=Switch.ABSENT, request_id="0" * 32, mode=RetentionMode.DEFAULT, services=Services(),  # type: ignore[arg-type]  # as far as a close needs them
        settings=gateway_config(), receive=receive, send=None, admit=None, began_s=0.0,  # type: ignore[arg-type]  # nothing is sent
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "has_spoken", "status"),
    [
        (Outcome(is_complete=True, http_status=1000), False, CloseStatus.DONE),
        (Outcome(http_status=1008), True, CloseStatus.DONE),
        (Outcome(http_status=1008), False, CloseStatus.REFUSED),
        (Outcome(http_status=1011), True, CloseStatus.FAILED),
        (Outcome(), False, CloseStatus.FAILED),
        (Outcome(has_client_left=True, http_status=1008), True, CloseStatus.CLIENT_LEFT),
    ],
)
def test_each_end_has_its_status(outcome: Outcome, has_spoken: bool, status: CloseStatus) -> None:
    closing = socket_call().closing(outcome, has_spoken=has_spoken)
    assert (closing.status, closing.http_status) == (status, outcome.http_status)


def test_a_call_prints_nothing_that_was_sent() -> None:
    assert "secret voice" not in repr(socket_call())


@pytest.mark.anyio
async def test_messages_are_text_and_a_client_that_left_is_noted() -> None:
    call = socket_call(
        [
            {"type": "websocket.receive", "text": "hello"},
            {"type": "websocket.receive", "bytes": b"hello"},
            {"type": "websocket.disconnect", "code": 1006},
        ]
    )
    assert (await call.next_text()).reveal() == "hello"
    with pytest.raises(EcholessError) as caught:
        await call.next_text()
    assert caught.value.code is ErrorCode.INVALID_MESSAGE
    with pytest.raises(ClientLeftError):
        await call.next_text()
    assert call.outcome.has_client_left
