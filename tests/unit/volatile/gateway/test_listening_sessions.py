"""Live recognition from handshake to close, with a recogniser and a vault that are scripts."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing import live_client
from echoless.crossing.records import CloseStatus, Refused
from echoless.crossing.socket_records import BeginGeneration, EndGeneration
from echoless.volatile.speech import listening_flow
from tests.fakes.socket_gateway import SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

PATH = "/v1/speech-to-text/realtime"
LISTEN = f"{PATH}?model_id=scribe_v2_realtime"
TENTH = bytes(range(256)) * 12 + bytes(128)


def chunk(audio: bytes = TENTH, **more: Any) -> dict[str, Any]:
    encoded = base64.b64encode(audio).decode()
    return {"message_type": "input_audio_chunk", "audio_base_64": encoded, "sample_rate": 16000, **more}


COMMIT: dict[str, Any] = {"message_type": "input_audio_chunk", "audio_base_64": "", "commit": True}


class Client:
    """A client that says and hears one message at a time."""

    def __init__(self, opened: Any) -> None:
        self.opened = opened
        self.headers = dict(opened.response.headers.raw_items())

    async def say(self, *messages: Any) -> None:
        for message in messages:
            await self.opened.send(json.dumps(message) if isinstance(message, dict) else message)

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.opened.recv())
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        while (message := await self.hear())["message_type"] != kind:
            pass
        return message


async def begun(gateway: SocketGateway, target: str = LISTEN) -> Client:
    client = Client(await gateway.open(target))
    assert (await client.hear())["message_type"] == "session_started"
    return client


async def test_audio_goes_in_and_partial_and_committed_transcripts_come_out() -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        await client.say(chunk())
        assert await client.hear() == {"message_type": "partial_transcript", "text": f"{len(TENTH)} bytes"}
        await client.say(COMMIT)
        assert await client.hear() == {"message_type": "committed_transcript", "text": f"bytes{len(TENTH)}"}
        await client.say(chunk(commit=True))
        assert (await client.until("committed_transcript"))["text"] == f"bytes{len(TENTH)}"
        await client.say(
            {"message_type": "input_audio_chunk", "audio_base_64": ""}, chunk(), {"message_type": "commit"}
        )
        await client.until("committed_transcript")
        assert bytes(gateway.live.sessions[0].audio) == TENTH * 3
        await client.opened.close()


async def test_the_first_message_says_how_the_session_was_understood() -> None:
    query = "&audio_format=ulaw_8000&audio_format=ulaw_8000&commit_strategy=vad&vad_threshold=0.5&language_code=eng"
    async with socket_gateway() as gateway:
        client = Client(await gateway.open(f"{LISTEN}{query}&keyterms=one&keyterms=two&secondary_languages=xx"))
        started = await client.hear()
        assert started["session_id"] == gateway.vault.last.history_item_id
        config = started["config"]
        assert (config["audio_format"], config["sample_rate"]) == ("ulaw_8000", 8000)
        assert (config["vad_commit_strategy"], config["vad_threshold"]) == ("vad", 0.5)
        assert (config["keyterms"], config["language_code"]) == (["one", "two"], "eng")
        assert config["secondary_languages"] == []
        assert config["enable_logging"] is True
        await client.say(chunk(b"odd", sample_rate=8000))
        await client.until("partial_transcript")
        order = gateway.live.sessions[0].order
        assert (order.commits_by_vad, order.vad_threshold, order.language_code) == (True, 0.5, "en")
        assert order.keyterms == ["one", "two"]
        await client.opened.close()


async def test_times_and_languages_come_where_they_were_asked_for() -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway, f"{LISTEN}&include_timestamps=true&include_language_detection=true")
        await client.say(chunk(commit=True))
        await client.until("committed_transcript")
        timed = await client.hear()
        assert timed["message_type"] == "committed_transcript_with_timestamps"
        assert timed["language_code"] == "eng"
        (word,) = timed["words"]
        assert (word["type"], word["start"], word["logprob"]) == ("word", 0.0, -0.1)
        assert (await client.hear())["message_type"] == "final_transcript"
        assert (await client.hear())["message_type"] == "final_transcript_with_timestamps"
        await client.opened.close()


# --- keeping ---


@pytest.mark.claim("Z15")
async def test_a_kept_session_is_one_item_with_all_its_audio_and_transcripts() -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        assert client.headers["x-echoless-retention"] == "default"
        for _ in range(2):
            await client.say(chunk(commit=True))
            await client.until("committed_transcript")
        await client.opened.close()
        await gateway.settle()
        kept = gateway.vault.last
        assert bytes(kept.input_audio) == TENTH * 2
        transcript = json.loads(kept.transcript)
        assert transcript["text"] == f"bytes{len(TENTH)} bytes{len(TENTH)}"
        assert [word["type"] for word in transcript["words"]] == ["word", "spacing", "word"]
        assert transcript["language_code"] == "eng"
        assert kept.closed is not None
        assert (kept.closed.status, kept.closed.http_status) == (CloseStatus.DONE, 1000)
        assert kept.closed.audio_ms == 2 * len(TENTH) // 32


@pytest.mark.claim("Z2")
async def test_nothing_of_a_zero_session_reaches_the_vault_but_counts() -> None:
    async with socket_gateway() as gateway:
        client = Client(await gateway.open(f"{LISTEN}&enable_logging=false&keyterms=secret"))
        started = await client.hear()
        assert started["config"]["enable_logging"] is False
        assert started["session_id"] == client.headers["request-id"]
        assert client.headers["x-echoless-retention"] == "zero"
        await client.say(chunk(commit=True))
        await client.until("committed_transcript")
        await client.opened.close()
        await gateway.settle()
        kept = gateway.vault.last
        assert (kept.input_audio, kept.transcript) == (b"", b"")
        assert not any("Keep" in type(question).__name__ for question in gateway.vault.questions)
        assert kept.closed is not None
        assert kept.closed.audio_ms == len(TENTH) // 32
        assert "secret" not in str(gateway.journal.events)


@pytest.mark.claim("Z2")
async def test_who_may_not_have_zero_retention_is_told_before_any_audio() -> None:
    async with socket_gateway() as gateway:
        from dataclasses import replace

        gateway.vault.standing = replace(gateway.vault.standing, is_enterprise=False)
        heard = await gateway.talk(f"{LISTEN}&enable_logging=false", chunk())
        (event,) = heard.messages
        assert event["message_type"] == "auth_error"
        assert event["error"].startswith("zero_retention_not_permitted")
        assert heard.close_code == 1008
        assert gateway.live.sessions == []


async def test_a_session_costs_a_place_and_a_recogniser_from_its_first_audio_on_and_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening_flow, "ACTIVITY_S", 0.05)
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        await asyncio.sleep(0.02)
        assert gateway.live.sessions == []
        assert gateway.vault.running == {}
        for turn in (1, 2):
            await client.say(chunk())
            await client.until("partial_transcript")
            while sum(isinstance(asked, EndGeneration) for asked in gateway.vault.questions) < turn:
                await asyncio.sleep(0.01)
            assert list(gateway.vault.running.values()) == [0]
        await client.opened.close()
        await gateway.settle()
        asked = [type(question) for question in gateway.vault.questions]
        assert (asked.count(BeginGeneration), asked.count(EndGeneration)) == (2, 2)
        assert len(gateway.live.sessions) == 1


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "model_id"),
        ("model_id=scribe_v1", "model_id"),
        ("model_id=eleven_v3", "model_id"),
        ("model_id=scribe_v2_realtime&audio_format=mp3", "audio_format"),
        ("model_id=scribe_v2_realtime&audio_format=pcm_8000&audio_format=pcm_16000", "audio_format"),
        ("model_id=scribe_v2_realtime&vad_threshold=0.95", "vad_threshold"),
        ("model_id=scribe_v2_realtime&vad_silence_threshold_secs=nan", "vad_silence_threshold_secs"),
        ("model_id=scribe_v2_realtime&min_speech_duration_ms=49", "min_speech_duration_ms"),
        ("model_id=scribe_v2_realtime&commit_strategy=turn_prediction", "commit_strategy"),
        ("model_id=scribe_v2_realtime&diarize=true", "diarize"),
        ("model_id=scribe_v2_realtime&entity_detection=all", "entity_detection"),
        ("model_id=scribe_v2_realtime&entity_redaction=all", "entity_redaction"),
        ("model_id=scribe_v2_realtime&transcript_edit=secret", "transcript_edit"),
        ("model_id=scribe_v2_realtime&filter_background_audio=true", "filter_background_audio"),
        ("model_id=scribe_v2_realtime&language_code=de", "language_code"),
        ("model_id=scribe_v2_realtime&language_code=klingon", "language_code"),
        ("model_id=scribe_v2_realtime&keyterms=" + "secret" * 4, "keyterms"),
        ("model_id=scribe_v2_realtime" + "&keyterms=secret" * 51, "keyterms"),
        ("model_id=scribe_v2_realtime&enable_logging=no", ""),
    ],
)
async def test_a_query_that_does_not_fit_is_named_in_an_event_before_the_close(query: str, named: str) -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(f"{PATH}?{query}", chunk())
        (event,) = heard.messages
        assert event["message_type"] == "invalid_request"
        assert named in event["error"]
        assert "secret" not in event["error"]
        assert heard.close_code == 1008
        assert gateway.live.sessions == []


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("no json", "input_error"),
        ("[]", "input_error"),
        (b"binary", "input_error"),
        ({"message_type": "sing"}, "input_error"),
        ({"audio_base_64": "AAAA"}, "input_error"),
        ({**chunk(), "audio_base_64": "%%%%"}, "input_error"),
        ({**chunk(), "audio_base_64": "AAA"}, "input_error"),
        (chunk(b"odd"), "input_error"),
        (chunk(sample_rate=8000), "input_error"),
        (chunk(previous_text="x" * 51), "input_error"),
        (chunk(bytes(listening_flow.CHUNK_BYTES_MAX + 2)), "chunk_size_exceeded"),
        (chunk(enable_logging=False), "invalid_request"),
    ],
)
async def test_a_message_that_does_not_fit_ends_the_session_with_its_event(message: Any, kind: str) -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(LISTEN, message)
        assert heard.messages[-1]["message_type"] == kind
        assert heard.close_code == 1008
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.REFUSED


async def test_what_was_said_before_comes_with_the_first_audio_only() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(LISTEN, chunk(previous_text="before"), chunk(previous_text="again"))
        assert heard.messages[-1]["message_type"] == "input_error"
        assert "previous_text" in heard.messages[-1]["error"]
        assert len(gateway.live.sessions[0].audio) == len(TENTH)


async def test_audio_that_nobody_hears_is_bounded() -> None:
    async with socket_gateway() as gateway:
        gateway.live.is_deaf = True
        loud = chunk(bytes(400_000))
        heard = await gateway.talk(LISTEN, *([loud] * 6))
        assert heard.messages[-1]["message_type"] == "queue_overflow"
        assert heard.close_code == 1008
        heard_bytes = len(gateway.live.sessions[0].audio)
        assert heard_bytes == 1_600_000 <= listening_flow.WAITING_S_MAX * 32_000
        assert max(gateway.live.sessions[0].frame_bytes) <= 65536


@pytest.mark.parametrize("code", ["commit_throttled", "insufficient_audio_activity"])
async def test_a_commit_that_closes_nothing_says_so_and_the_session_goes_on(code: str) -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        await client.say(COMMIT)
        assert (await client.hear())["message_type"] == "commit_throttled"
        gateway.live.refusal = code
        await client.say(chunk(commit=True))
        assert (await client.until(code))["error"]
        gateway.live.refusal = ""
        await client.say(COMMIT)
        await client.until("committed_transcript")
        await client.opened.close()


async def test_a_recogniser_that_dies_ends_the_session_as_our_fault() -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        await client.say(chunk())
        await client.until("partial_transcript")
        gateway.live.links[0].close()
        assert (await client.hear())["message_type"] == "transcriber_error"
        await client.opened.wait_closed()
        assert client.opened.close_code == 1011


@pytest.mark.parametrize(
    ("code", "kind", "close_code"),
    [("internal_error", "transcriber_error", 1011), ("concurrent_limit_exceeded", "resource_exhausted", 1008),
     ("not_available", "invalid_request", 1008)],
)  # fmt: skip
async def test_a_recogniser_that_fails_says_why(code: str, kind: str, close_code: int) -> None:
    async with socket_gateway() as gateway:
        gateway.live.error_code = code
        heard = await gateway.talk(LISTEN, chunk())
        assert (heard.messages[-1]["message_type"], heard.close_code) == (kind, close_code)


async def test_without_a_recogniser_the_session_ends_at_its_first_audio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_client, "PLACE_S_MAX", 0.05)
    async with socket_gateway() as gateway:
        gateway.live.links[0].close()
        await asyncio.sleep(0.01)
        heard = await gateway.talk(LISTEN, chunk())
        assert heard.messages[-1]["message_type"] == "resource_exhausted"
        assert "open the session again" in heard.error
        assert gateway.vault.running == dict.fromkeys(gateway.vault.running, 0)


async def test_a_session_waits_for_the_successor_of_a_recogniser_that_died() -> None:
    async with socket_gateway() as gateway:
        gateway.live.links[0].close()
        await asyncio.sleep(0.01)
        client = await begun(gateway)
        await client.say(chunk())
        await asyncio.sleep(0.05)
        await gateway.live_pool.add_link(await gateway.live.connect(), "live-0")
        assert (await client.hear())["message_type"] == "partial_transcript"
        await client.opened.close()


async def test_a_client_that_vanishes_mid_word_stops_the_recogniser_and_closes_its_ticket() -> None:
    async with socket_gateway() as gateway:
        client = await begun(gateway)
        await client.say(chunk())
        await client.until("partial_transcript")
        client.opened.transport.abort()
        await gateway.settle()
        assert gateway.live.sessions[0].is_cancelled
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.status is CloseStatus.CLIENT_LEFT
        assert list(gateway.vault.running.values()) == [0]


async def test_a_session_lasts_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_flow, "SESSION_S_MAX", 0.05)
    async with socket_gateway() as gateway:
        heard = await gateway.talk(LISTEN)
        assert heard.messages[-1]["message_type"] == "session_time_limit_exceeded"
        assert heard.close_code == 1008


@pytest.mark.parametrize(
    ("refused", "kind"),
    [(ErrorCode.QUOTA_EXCEEDED, "quota_exceeded"), (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "resource_exhausted")],
)
async def test_a_refused_session_reaches_no_recogniser(refused: ErrorCode, kind: str) -> None:
    async with socket_gateway() as gateway:
        gateway.vault.refused = [Refused(code=refused.value, message="No.")]
        heard = await gateway.talk(LISTEN, chunk())
        assert heard.messages[-1]["message_type"] == kind
        assert gateway.live.sessions == []
        assert bytes(gateway.vault.last.input_audio) == b""


async def test_nobody_is_let_in_without_a_credential() -> None:
    async with socket_gateway() as gateway:
        heard = await gateway.talk(LISTEN, chunk(), key="")
        assert [message["message_type"] for message in heard.messages] == ["auth_error"]
        # Here a first message with a credential would not help.
        assert "message" not in heard.messages[0]["error"]
        assert heard.close_code == 1008
        heard = await gateway.talk(LISTEN, chunk(), key="wrong")
        assert heard.messages[-1]["message_type"] == "auth_error"
