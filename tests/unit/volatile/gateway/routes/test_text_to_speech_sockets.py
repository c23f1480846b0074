"""What the query and the first message make of the engine's job."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.records import Normalization
from echoless.crossing.socket_records import SpeakOn
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def job_of(query: str, settings: dict[str, Any] | None = None) -> SpeakOn:
    async with socket_gateway() as gateway:
        first = {"text": " ", "voice_settings": settings}
        await gateway.talk(f"{PATH}/stream-input?{query}", first, {"text": "Hi. "}, {"text": ""})
        return gateway.engine.streams[0].job


async def test_the_query_decides_how_it_is_spoken() -> None:
    job = await job_of(
        "output_format=pcm_16000&seed=7&sync_alignment=true&enable_ssml_parsing=true&language_code=de"
        "&model_id=eleven_flash_v2_5&apply_text_normalization=off"
    )
    assert (job.output_format, job.seed, job.language_code) == ("pcm_16000", 7, "de")
    assert (job.is_alignment_first, job.parses_markup, job.normalization) == (True, True, Normalization.OFF)


async def test_what_is_absent_comes_from_the_voice_and_the_defaults() -> None:
    job = await job_of("", {"speed": 1.1, "style": None})
    assert (job.settings["speed"], job.settings["stability"]) == (1.1, 0.5)
    assert (job.is_alignment_first, job.parses_markup, job.normalization) == (False, False, Normalization.AUTO)


@pytest.mark.parametrize(
    ("query", "normalization"),
    [("", Normalization.OFF), ("&apply_text_normalization=on", Normalization.ON)],
)
async def test_the_lowest_latency_leaves_out_the_normaliser_unless_it_is_asked_for(
    query: str, normalization: Normalization
) -> None:
    assert (await job_of(f"optimize_streaming_latency=4{query}")).normalization is normalization


@pytest.mark.parametrize(("model_id", "reads"), [("eleven_v4", True), ("eleven_flash_v2_5", False)])
async def test_tags_are_directions_for_the_models_that_know_them(model_id: str, reads: bool) -> None:
    assert (await job_of(f"model_id={model_id}")).reads_tags is reads


async def test_a_model_that_takes_no_text_from_a_socket_says_so() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{PATH}/multi-stream-input?model_id=eleven_v3")
        assert (heard.error, heard.close_code) == ("model_not_supported", 1008)
