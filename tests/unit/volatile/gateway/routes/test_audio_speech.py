"""OpenAI's way to ask for speech, over a fake vault and a fake engine."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.records import Speak
from echoless.retention.decision import RetentionMode
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/audio/speech"
AUDIO = bytes(range(256)) * 300


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "tts-1", "input": "Hello there.", "voice": "alloy"} | changes


def job_of(gateway: Gateway) -> Speak:
    job = gateway.engine.jobs[-1].speak
    assert isinstance(job, Speak)
    return job


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_it_is_text_to_speech_with_the_same_switch(is_zero: bool) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", PATH + ("?enable_logging=false" if is_zero else ""), body(speed=1.5))
        assert (reply.status, reply.is_complete, reply.body) == (200, True, AUDIO)
        assert reply.headers["content-type"] == "audio/mpeg"
        assert reply.headers["x-echoless-retention"] == ("zero" if is_zero else "default")
        kept = gateway.vault.last
        assert kept.mode is (RetentionMode.ZERO if is_zero else RetentionMode.DEFAULT)
        assert bytes(kept.audio) == (b"" if is_zero else AUDIO)
        job = job_of(gateway)
        assert (job.text, job.catalogue_id, job.output_format) == (
            "Hello there.", "21m00Tcm4TlvDq8ikWAM", "mp3_44100_128",
        )  # fmt: skip
        assert job.settings["speed"] == 1.5
        assert kept.reserved is not None
        assert (kept.reserved.model_id, kept.reserved.characters) == ("eleven_flash_v2_5", 12)


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(("query", "changes"), [("?store=false", {}), ("", {"store": False})])
async def test_another_word_for_the_switch_is_refused(query: str, changes: dict[str, Any]) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", PATH + query, body(**changes))
        assert (reply.status, reply.headers["x-echoless-retention"]) == (422, "zero")
        assert not gateway.engine.jobs
        assert (await gateway.ask("POST", PATH, body(store=True))).status == 200


@pytest.mark.parametrize(
    ("changes", "voice", "output_format"),
    [
        ({"voice": "Shimmer", "response_format": "wav"}, "XrExE9yKIg1WjnnlVkGX", "wav_24000"),
        ({"voice": {"id": "JBFqnCBsd6RMkjVDRZzb"}, "response_format": "pcm"}, "JBFqnCBsd6RMkjVDRZzb", "pcm_24000"),
        ({"voice": "JBFqnCBsd6RMkjVDRZzb", "response_format": "opus"}, "JBFqnCBsd6RMkjVDRZzb", "opus_48000_64"),
        ({"model": "eleven_v3"}, "21m00Tcm4TlvDq8ikWAM", "mp3_44100_128"),
    ],
)
async def test_voices_formats_and_models_are_ours(changes: dict[str, Any], voice: str, output_format: str) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        assert (await gateway.ask("POST", PATH, body(**changes))).status == 200
        assert (job_of(gateway).catalogue_id, job_of(gateway).output_format) == (voice, output_format)


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({"response_format": "aac"}, 400, "response_format"),
        ({"response_format": "flac"}, 400, "response_format"),
        ({"instructions": "canary"}, 400, "instructions"),
        ({"stream_format": "sse"}, 400, "stream_format"),
        ({"voice": "canary"}, 404, "voice"),
        ({"model": "canary"}, 404, "model"),
        ({"model": "whisper-1"}, 404, "model"),
        ({"model": "scribe_v1"}, 400, "model"),
        ({"input": "canary " * 9000}, 400, "input"),
        ({"speed": 9}, 422, "speed"),
        ({"input": "  "}, 422, "input"),
        ({"enable_logging": False}, 422, "enable_logging"),
    ],
)
async def test_what_cannot_be_done_is_named_and_not_echoed(
    changes: dict[str, Any], status: int, place: str
) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", PATH, body(**changes))
        detail = reply.json["detail"]
        assert (reply.status, detail[0]["loc"][-1] if status == 422 else detail["param"]) == (status, place)
        assert b"canary" not in reply.body
        assert not gateway.engine.jobs
