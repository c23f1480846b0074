"""The list of models."""

from __future__ import annotations

import pytest

from echoless.core.models import MODEL_BY_ID, MODELS
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_each_model_is_listed_with_languages_and_its_limit() -> None:
    async with running_gateway(character_limits={"eleven_v3": 7}) as gateway:
        reply = await gateway.ask("GET", "/v1/models")
        shown = [model.model_id for model in MODELS if model.is_listed]
        assert [model["model_id"] for model in reply.json] == shown
        assert all(model["languages"] for model in reply.json)
        for model in reply.json:
            known = MODEL_BY_ID[model["model_id"]]
            assert model["can_do_text_to_speech"] is known.can_do_text_to_speech
            assert model["can_do_voice_conversion"] is known.can_do_voice_conversion
        listed = {model["model_id"] for model in reply.json}
        assert "eleven_english_sts_v2" in listed
        assert not any(model_id.startswith("scribe") for model_id in listed)
        limits = {model["model_id"]: model["maximum_text_length_per_request"] for model in reply.json}
        assert limits["eleven_v3"] == 7
        assert limits["eleven_flash_v2_5"] == 40_000
