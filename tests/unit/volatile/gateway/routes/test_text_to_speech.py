"""Text to speech over a fake vault and a fake engine."""

from __future__ import annotations

import base64
import json

import pytest

from echoless.crossing.records import CloseStatus
from echoless.retention.decision import RetentionMode
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = f"/v1/text-to-speech/{VOICE_ID}"
AUDIO = bytes(range(256)) * 700


async def test_default_request_is_answered_and_kept_before_its_end() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "Hello there"})
        assert (reply.status, reply.is_complete) == (200, True)
        assert reply.body == AUDIO
        kept = gateway.vault.last
        assert kept.text is not None
        assert kept.text.text == "Hello there"
        assert bytes(kept.audio) == AUDIO
        assert kept.closed is not None
        assert kept.closed.status is CloseStatus.DONE
        assert reply.headers["history-item-id"] == kept.history_item_id
        assert reply.headers["x-echoless-retention"] == "default"
        assert reply.headers["content-type"] == "audio/mpeg"
        assert reply.headers["character-cost"] == "11"
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("suffix", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
async def test_zero_request_is_answered_and_nothing_crosses(suffix: str) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}{suffix}?enable_logging=false", {"text": "Hello there"})
        assert (reply.status, reply.is_complete) == (200, True)
        assert reply.headers["x-echoless-retention"] == "zero"
        assert "history-item-id" not in reply.headers
        kept = gateway.vault.last
        assert kept.mode is RetentionMode.ZERO
        assert kept.text is None
        assert not kept.audio
        assert not kept.alignments
        assert kept.closed is not None
        assert kept.closed.status is CloseStatus.DONE
        assert kept.closed.audio_bytes == len(AUDIO)


async def test_whole_timestamps_are_one_object_with_all_audio() -> None:
    async with running_gateway(FakeEngine(AUDIO, chunk_bytes=1000)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}/with-timestamps", {"text": "a b"})
        assert set(reply.json) == {"audio_base64", "alignment", "normalized_alignment"}
        assert base64.b64decode(reply.json["audio_base64"]) == AUDIO
        assert reply.json["alignment"]["characters"] == ["a", " ", "b"]
        assert reply.json["alignment"]["character_start_times_seconds"] == [0.0, 0.1, 0.2]
        assert [part.is_normalized for part in gateway.vault.last.alignments] == [False, True]


async def test_streamed_timestamps_are_one_object_a_line() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}/stream/with-timestamps", {"text": "a b"})
        lines = [json.loads(line) for line in reply.body.splitlines() if line]
        assert b"".join(base64.b64decode(line["audio_base64"]) for line in lines) == AUDIO
        assert lines[0]["alignment"]["characters"] == ["a", " ", "b"]
        assert lines[1]["alignment"] is None
