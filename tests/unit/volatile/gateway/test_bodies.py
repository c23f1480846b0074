"""Reading bodies."""

from __future__ import annotations

import gc
import json

import pytest

from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = f"/v1/text-to-speech/{VOICE_ID}"


@pytest.mark.claim("Z1")
async def test_no_key_or_value_of_a_body_stays_in_a_cache_of_the_parser() -> None:
    """C16, T21: JSON parsers keep short strings for next time; ours is told not to."""
    marks = [f"mark-{index}-" + "q7" * 6 for index in range(30)]
    body = json.dumps({"text": "a", "language_code": marks[0], **{mark: mark for mark in marks}}).encode()
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body)
        assert reply.status == 200
        gc.collect()
        # `gc` does not see strings; what refers to one of them does not exist either, but for this test's own list.
        known = {id(marks)}
        for mark in marks:
            equal = [item for item in gc.get_objects() if isinstance(item, dict) and mark in item]
            assert not [item for item in equal if id(item) not in known]


async def test_body_that_is_not_required_may_be_missing() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("POST", "/v1/workspace/analytics/requests", b"[]")).status == 422
        assert (await gateway.ask("POST", "/v1/workspace/analytics/usage", b"")).status == 422


async def test_bound_is_the_configurations() -> None:
    async with running_gateway(body_bytes_max=50) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "a" * 60})).status == 413
        assert (await gateway.ask("POST", PATH, {"text": "a" * 10})).status == 200
