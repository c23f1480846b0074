"""What the query of a session means for the recogniser."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.crossing.live_records import Listen
from echoless.crossing.records import OpenTicket
from tests.fakes.socket_gateway import socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

AUDIO = {"message_type": "input_audio_chunk", "audio_base_64": base64.b64encode(bytes(3200)).decode()}


async def order_of(query: str, **settings: object) -> Listen:
    async with socket_gateway(**settings) as gateway:
        opened = await gateway.open(f"/v1/speech-to-text/realtime?{query}")
        await opened.recv()
        await opened.send(json.dumps(AUDIO))
        await opened.recv()
        await opened.close()
        return gateway.live.sessions[0].order


async def test_the_query_becomes_the_order() -> None:
    order = await order_of(
        "model_id=scribe_v3_live&commit_strategy=vad&vad_silence_threshold_secs=0.5&min_speech_duration_ms=60"
        "&min_silence_duration_ms=70&no_verbatim=true&audio_format=pcm_8000&language_code=en-GB"
    )
    assert (order.commits_by_vad, order.silence_s, order.speech_ms_min, order.silence_ms_min) == (True, 0.5, 60, 70)
    assert (order.drops_fillers, order.audio_format, order.language_code) == (True, "pcm_8000", "en")


async def test_without_a_language_the_recogniser_finds_it() -> None:
    order = await order_of("model_id=scribe_v2_realtime")
    assert (order.language_code, order.engine_model, order.commits_by_vad) == ("", "", False)


async def test_the_operator_chooses_the_engine_behind_a_model() -> None:
    engines = {"scribe_v2_realtime": "local:zipformer"}
    order = await order_of("model_id=scribe_v2_realtime", model_engines=engines)
    assert order.engine_model == "local:zipformer"


async def test_a_token_is_shown_in_the_query_under_either_name() -> None:
    async with socket_gateway() as gateway:
        for name in ("token", "single_use_token"):
            await gateway.talk(
                f"/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&{name}=sutkn_x", "end", key=""
            )
            opened = [question for question in gateway.vault.questions if isinstance(question, OpenTicket)]
            assert (opened[-1].is_token, opened[-1].credential) == (True, "sutkn_x")
