"""The list of models."""

from __future__ import annotations

import pytest

from echoless.core.models import MODELS
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_each_model_is_listed_with_languages_and_its_limit() -> None:
    async with running_gateway(character_limits={"eleven_v3": 7}) as gateway:
        reply = await gateway.ask("GET", "/v1/models")
        assert [model["model_id"] for model in reply.json] == [model.model_id for model in MODELS]
        assert all(model["languages"] and model["can_do_text_to_speech"] for model in reply.json)
        limits = {model["model_id"]: model["maximum_text_length_per_request"] for model in reply.json}
        assert limits["eleven_v3"] == 7
        assert limits["eleven_flash_v2_5"] == 40_000
