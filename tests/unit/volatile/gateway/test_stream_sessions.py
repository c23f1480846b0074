"""What all sockets that speak have in common: how they end, and whose failure counts."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import CloseStatus
from echoless.volatile.gateway.stream_sessions import foremost
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = pytest.mark.unit


def test_that_the_client_left_counts_before_what_followed_from_it() -> None:
    ours = EcholessError(ErrorCode.CROSSING_BROKEN, "gone")
    left = ClientLeftError()
    assert foremost(BaseExceptionGroup("", [ValueError(), ours, left])) is left
    assert foremost(BaseExceptionGroup("", [ValueError(), ours])) is ours


def test_what_is_no_error_of_ours_is_not_hidden() -> None:
    stray = ValueError()
    assert foremost(BaseExceptionGroup("", [stray])) is stray


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("target", "first"),
    [(f"{PATH}/stream-input", {"text": " "}), ("/v1/text-to-dialogue/stream-input", {"voices": [PATH[-20:]]})],
)
async def test_every_ticket_is_closed_when_a_socket_ends(target: str, first: dict[str, object]) -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(target)
        await opened.close()
        heard = await gateway.talk(target, first, "nonsense")
        assert heard.close_code == 1008
        statuses = [ticket.closed.status for ticket in gateway.vault.tickets.values() if ticket.closed]
        assert statuses == [CloseStatus.CLIENT_LEFT, CloseStatus.REFUSED]
