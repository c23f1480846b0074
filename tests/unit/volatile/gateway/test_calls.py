"""A request on its way: its end as it is told to the vault, and its silence."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.crossing.client import ClientLeftError, EnginePool, VaultClient
from echoless.crossing.records import CloseStatus
from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.volatile.gateway.calls import Call, Outcome
from echoless.volatile.gateway.ports import GatewayServices, Message
from tests.fakes.gateway import gateway_config

pytestmark = pytest.mark.unit


def new_call(sent: list[Message]) -> Call:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    services = GatewayServices(VaultClient(), EnginePool(), SystemClock(), MemoryJournal())
    return Call(
        endpoint=ENDPOINT_BY_NAME["POST /v1/text-to-speech/{voice}"], values=("secret-id",),
        query=[("a", "secret")], switch=Switch.ABSENT, request_id="r", mode=RetentionMode.DEFAULT,
        services=services, settings=gateway_config(), receive=receive, send=send, has_unread_body=False,
        has_origin=False, began_s=0.0,
    )  # fmt: skip


def test_call_prints_nothing_that_the_client_sent() -> None:
    assert "secret" not in repr(new_call([]))


@pytest.mark.parametrize(
    ("outcome", "is_started", "status"),
    [
        ({"http_status": 200, "is_complete": True}, True, CloseStatus.DONE),
        ({"http_status": 200, "is_complete": False}, True, CloseStatus.FAILED),
        ({"http_status": 422, "is_complete": True}, True, CloseStatus.REFUSED),
        ({"http_status": 503, "is_complete": True}, True, CloseStatus.FAILED),
        ({"http_status": 0}, False, CloseStatus.FAILED),
        ({"http_status": 200, "has_client_left": True}, True, CloseStatus.CLIENT_LEFT),
    ],
)
def test_end_is_told_as_it_was(outcome: dict[str, Any], is_started: bool, status: CloseStatus) -> None:
    call = new_call([])
    call.outcome, call.is_started = Outcome(**outcome), is_started
    assert call.closing().status is status


def test_ids_of_the_path_are_cut_to_what_may_cross() -> None:
    call = new_call([])
    call.values = ("x" * 9000,)
    assert len(call.path_id(0)) == 256


@pytest.mark.anyio
async def test_nothing_more_is_written_for_a_client_that_left() -> None:
    sent: list[Message] = []
    call = new_call(sent)
    call.outcome.has_client_left = True
    with pytest.raises(ClientLeftError):
        await call.write(b"x")
    assert not sent
