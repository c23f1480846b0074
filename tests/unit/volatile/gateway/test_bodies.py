"""Reading bodies."""

from __future__ import annotations

import pytest

from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.bodies import parse_object
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = pytest.mark.unit
PATH = f"/v1/text-to-speech/{VOICE_ID}"


@pytest.mark.claim("Z1")
def test_parser_keeps_no_string_for_the_next_body() -> None:
    """C16, T21: JSON parsers keep short keys and values for next time; ours is told not to."""
    data = b'{"some-key-7q": "some-value-7q"}'
    first, second = parse_object(data), parse_object(data)
    assert first == second
    assert next(iter(first)) is not next(iter(second))
    assert first["some-key-7q"] is not second["some-key-7q"]


@pytest.mark.anyio
async def test_body_that_is_not_required_may_be_missing() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("POST", "/v1/workspace/analytics/requests", b"[]")).status == 422
        assert (await gateway.ask("POST", "/v1/workspace/analytics/usage", b"")).status == 422


@pytest.mark.claim("Z2")
@pytest.mark.anyio
@pytest.mark.parametrize(
    "more",
    [
        {"enable_logging": False},
        {"voice_settings": {"enable_logging": False}},
        {"extra_body": {"enableLogging": False}},
        {"additional": [{"options": {"zero-retention": True}}]},
    ],
)
async def test_switch_in_a_body_is_refused_however_deep_it_lies(more: dict[str, object]) -> None:
    """C2: its sender believes that it took effect; the answer names the right place, and nothing is kept."""
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "Hello"} | more)
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["query", "enable_logging"])
        assert reply.headers["x-echoless-retention"] == "zero"
        assert gateway.vault.last.text is None
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.answered_as is RetentionMode.ZERO
        assert not gateway.engine.jobs


@pytest.mark.anyio
async def test_bound_is_the_configurations() -> None:
    async with running_gateway(body_bytes_max=50) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "a" * 60})).status == 413
        assert (await gateway.ask("POST", PATH, {"text": "a" * 10})).status == 200
