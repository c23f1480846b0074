"""What the query of a socket of dialogue means for the engine."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.records import Normalization, PronunciationRule
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.routes.text_to_dialogue_sockets import ROUTES
from tests.fakes.gateway import VOICE_ID
from tests.fakes.socket_gateway import SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

SAID = {"voices": [VOICE_ID], "inputs": [{"text": "[softly] Hi.", "voice_id": VOICE_ID}]}


async def job_of(gateway: SocketGateway, query: str, **more: Any) -> SpeakOn:
    heard = await gateway.talk(
        f"/v1/text-to-dialogue/stream-input?{query}", {**SAID, **more}, {"close_socket": True}
    )
    assert heard.close_code == 1000
    return gateway.engine.streams[-1].job


async def test_the_query_becomes_the_job() -> None:
    async with socket_gateway() as gateway:
        job = await job_of(gateway, "")
        assert (job.output_format, job.language_code, job.seed) == ("mp3_44100_128", "", None)
        assert (job.normalization, job.is_dialogue, job.reads_tags) == (Normalization.AUTO, True, True)
        query = "output_format=ulaw_8000&language_code=de&seed=7&apply_text_normalization=off"
        job = await job_of(gateway, query)
        assert (job.output_format, job.language_code, job.seed) == ("ulaw_8000", "de", 7)
        assert job.normalization is Normalization.OFF


async def test_models_of_one_voice_are_the_fast_ones() -> None:
    voices = {"voices": [VOICE_ID, "JBFqnCBsd6RMkjVDRZzb"]}
    async with socket_gateway() as gateway:
        for model_id in ("eleven_v3", "eleven_v4"):
            await job_of(gateway, f"model_id={model_id}", **voices)
        for model_id in ("eleven_v3_conversational", "eleven_v4_turbo"):
            await job_of(gateway, f"model_id={model_id}")
            heard = await gateway.talk(f"/v1/text-to-dialogue/stream-input?model_id={model_id}", {**SAID, **voices})
            assert heard.messages[-1]["param"] == "voices"


async def test_rules_of_dictionaries_hold_for_their_own_context_only() -> None:
    locators = [{"pronunciation_dictionary_id": "dict", "version_id": "one"}]
    async with socket_gateway() as gateway:
        gateway.vault.rules = [PronunciationRule("SQL", alias="sequel")]
        first = {**SAID, "context_id": "a", "pronunciation_dictionary_locators": locators}
        second = {**SAID, "context_id": "b"}
        target = "/v1/text-to-dialogue/multi-stream-input"
        heard = await gateway.talk(target, first, second, {"close_socket": True})
        assert heard.close_code == 1000
        assert [len(stream.job.rules) for stream in gateway.engine.streams] == [1, 0]
        later = {"context_id": "a", "pronunciation_dictionary_locators": locators}
        heard = await gateway.talk(target, first, later)
        assert heard.messages[-1]["param"] == "pronunciation_dictionary_locators"


def test_both_sockets_are_served() -> None:
    assert sorted(route.endpoint_name for route in ROUTES) == [
        "WS /v1/text-to-dialogue/multi-stream-input",
        "WS /v1/text-to-dialogue/stream-input",
    ]
