"""The voice changer over a fake vault and a fake media process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from echoless.crossing.media_records import Convert, InputFormat
from echoless.crossing.records import CloseStatus
from echoless.retention.decision import RetentionMode
from tests.fakes.fake_media import FakeMedia
from tests.fakes.form_body import HEADERS, form, in_pieces, part
from tests.fakes.gateway import Gateway, Reply, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
VOICE = "21m00Tcm4TlvDq8ikWAM"
PATHS = [f"/v1/{product}/{VOICE}{suffix}" for product in ("speech-to-speech", "voice-changer")
         for suffix in ("", "/stream")]  # fmt: skip
PATH = PATHS[0]
SOUND = bytes(range(256)) * 2000
SETTINGS = '{"stability": 0.25, "speed": 1.1}'


def job_of(gateway: Gateway) -> Convert:
    job = gateway.media.jobs[-1].order
    assert isinstance(job, Convert)
    return job


async def send(gateway: Gateway, *parts: bytes, path: str = PATH, piece_bytes: int = 60_000, **more: Any) -> Reply:
    return await gateway.ask(
        "POST", path, pieces=in_pieces(form(*parts), piece_bytes), headers=HEADERS | more.pop("headers", {}), **more
    )


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("has_fields_first", [True, False])
async def test_both_spellings_answer_with_audio_in_both_modes(path: str, has_fields_first: bool) -> None:
    parts = [part("model_id", "eleven_multilingual_sts_v2"), part("audio", SOUND, "upload")]
    for query, mode in (("", RetentionMode.DEFAULT), ("?enable_logging=false", RetentionMode.ZERO)):
        async with running_gateway() as gateway:
            reply = await send(gateway, *parts[:: 1 if has_fields_first else -1], path=path + query)
            assert (reply.status, reply.is_complete, reply.body) == (200, True, SOUND)
            assert reply.headers["content-type"] == "audio/mpeg"
            assert reply.headers["x-echoless-retention"] == mode.value
            assert bytes(gateway.media.jobs[0].input) == SOUND
            kept = gateway.vault.last
            assert kept.mode is mode
            assert reply.headers.get("history-item-id", "") == kept.history_item_id
            is_kept = mode is RetentionMode.DEFAULT
            assert bytes(kept.input_audio) == bytes(kept.audio) == (SOUND if is_kept else b"")
            assert kept.input_type == ("audio/wav" if is_kept else "")
            assert (kept.text is not None) is is_kept
            assert kept.reserved is not None
            assert (kept.reserved.model_id, kept.reserved.characters) == ("eleven_multilingual_sts_v2", 0)
            assert kept.closed is not None
            assert (kept.closed.status, kept.closed.audio_ms) == (CloseStatus.DONE, 1000)


async def test_fields_reach_the_job() -> None:
    async with running_gateway() as gateway:
        reply = await send(
            gateway, part("voice_settings", SETTINGS), part("seed", "7"), part("remove_background_noise", "True"),
            part("file_format", "pcm_s16le_16"), part("audio", SOUND, "x.mp3"),
            path=f"{PATHS[1]}?output_format=pcm_16000&optimize_streaming_latency=3",
        )  # fmt: skip
        assert reply.status == 200
        job = job_of(gateway)
        assert (job.output_format, job.seed, job.removes_noise) == ("pcm_16000", 7, True)
        assert job.input_format is InputFormat.PCM_S16LE_16
        assert (job.settings["stability"], job.settings["speed"]) == (0.25, 1.1)
        assert job.settings["similarity_boost"] == 0.75
        kept = gateway.vault.last.text
        assert kept is not None
        assert (kept.settings["stability"], kept.seed, kept.text) == (0.25, 7, "")


async def test_fields_after_the_file_count_where_none_came_before() -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, part("audio", SOUND, "a"), part("seed", "7"), part("voice_settings", "null"))
        assert reply.status == 200
        assert job_of(gateway).seed == 7


async def test_a_file_too_large_to_hold_begins_before_its_fields() -> None:
    async with running_gateway(held_bytes_max=1000) as gateway:
        late = await send(gateway, part("audio", SOUND, "a"), part("seed", "7"))
        assert (late.status, late.code) == (413, "file_too_large")
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.REFUSED
        assert (await send(gateway, part("audio", SOUND, "a"), part("seed", "null"))).status == 200


async def test_a_wav_states_its_length_and_its_stream_is_refused() -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, part("audio", SOUND, "a"), path=f"{PATH}?output_format=wav_16000")
        assert reply.headers["content-length"] == str(len(SOUND))
        streamed = await send(gateway, part("audio", SOUND, "a"), path=f"{PATHS[1]}?output_format=wav_16000")
        assert streamed.status == 422
        assert streamed.body_reads == 0


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    "switch",
    [part("enable_logging", "false"), part("voice_settings", '{"a": {"enable_logging": false}}'), part("zrm", "1")],
)
@pytest.mark.parametrize("is_after", [True, False])
async def test_a_switch_in_the_form_is_refused_and_nothing_kept(switch: bytes, is_after: bool) -> None:
    parts = [switch, part("audio", SOUND, "a")]
    for bound in (10**9, 1000):
        async with running_gateway(held_bytes_max=bound) as gateway:
            reply = await send(gateway, *parts[:: -1 if is_after else 1])
            assert reply.status == 422
            assert reply.json["detail"][0]["loc"] == ["query", "enable_logging"]
            assert reply.headers["x-echoless-retention"] == "zero"
            closed = gateway.vault.last.closed
            assert closed is not None
            assert closed.status is CloseStatus.REFUSED


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("parts", "status", "place"),
    [
        ([part("seed", "1")], 422, "audio"),
        ([part("voice_settings", "{canary"), part("audio", b"x", "a")], 422, "voice_settings"),
        ([part("voice_settings", '{"stability": 7}'), part("audio", b"x", "a")], 422, "stability"),
        ([part("voice_settings", "5"), part("audio", b"x", "a")], 422, "voice_settings"),
        ([part("seed", "canary"), part("audio", b"x", "a")], 422, "seed"),
        ([part("seed", "1"), part("audio", b"x", "a"), part("audio", b"y", "a")], 422, "audio"),
        ([part("file_format", "canary"), part("audio", b"x", "a")], 422, "file_format"),
        ([part("model_id", "canary"), part("audio", b"x", "a")], 404, "model_id"),
        ([part("model_id", "eleven_v3"), part("audio", b"x", "a")], 400, "model_id"),
    ],
)
async def test_what_does_not_fit_is_named_and_not_echoed(parts: list[bytes], status: int, place: str) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, *parts)
        assert reply.status == status
        detail = reply.json["detail"]
        assert (detail[0]["loc"][-1] if status == 422 else detail["param"]) == place
        assert b"canary" not in reply.body


@pytest.mark.parametrize(
    ("code", "status"),
    [("invalid_audio", 400), ("audio_too_short", 400), ("audio_too_long", 400), ("file_too_large", 413),
     ("engine_unavailable", 503), ("internal_error", 500)],
)  # fmt: skip
async def test_a_job_that_fails_early_ends_the_reading(code: str, status: int) -> None:
    media = FakeMedia()
    media.error_code, media.ends_after_bytes, media.takes_input = code, 1000, False
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, part("seed", "1"), part("audio", SOUND * 20, "a"))
        assert (reply.status, reply.code) == (status, code)
        assert reply.headers["connection"] == "close"
        assert len(gateway.media.jobs[0].input) < len(SOUND) * 20
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.status in {CloseStatus.REFUSED, CloseStatus.FAILED}


async def test_a_file_over_the_product_s_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_gateway() as gateway:
        stated = await gateway.ask("POST", PATH, b"", headers=HEADERS | {"content-length": str(52 * 1024 * 1024)})
        assert (stated.status, stated.code, stated.body_reads) == (413, "file_too_large", 0)
    async with running_gateway(upload_bytes_max=100_000) as gateway:
        found = await send(gateway, part("audio", SOUND, "a"))
        assert (found.status, found.code) == (413, "file_too_large")


async def test_a_client_that_leaves_in_its_upload_or_its_answer_cancels_the_job() -> None:
    async with running_gateway() as gateway:
        body = form(part("seed", "1"), part("audio", SOUND, "a"))
        reply = await gateway.ask("POST", PATH, pieces=[body[:90_000], None], headers=HEADERS)
        assert reply.status == 0
        await asyncio.sleep(0.01)
        assert gateway.media.jobs[0].is_cancelled
        closed = gateway.vault.last.closed
        assert closed is not None
        assert closed.status is CloseStatus.CLIENT_LEFT
        await send(gateway, part("seed", "1"), part("audio", SOUND, "a"), leave_after_bytes=20_000)
        assert gateway.media.jobs[1].is_cancelled
        assert len(asyncio.all_tasks()) < 6


async def test_a_client_that_says_nothing_more_is_told() -> None:
    never = asyncio.Event()
    async with running_gateway(upload_idle_timeout_s=0.05) as gateway:
        body = form(part("seed", "1"), part("audio", SOUND, "a"))
        sent = iter([body[:1000]])

        async def receive() -> dict[str, Any]:
            piece = next(sent, None)
            if piece is None:
                await never.wait()
            return {"type": "http.request", "body": piece, "more_body": True}

        statuses: list[int] = []

        async def answer(message: dict[str, Any]) -> None:
            statuses.append(message.get("status", 0))

        headers = [(b"xi-api-key", b"sk_test"), (b"content-type", HEADERS["content-type"].encode())]
        scope = {
            "type": "http",
            "method": "POST",
            "raw_path": PATH.encode(),
            "query_string": b"",
            "headers": headers,
        }
        await gateway.app(scope, receive, answer)
        assert statuses[0] == 408


async def test_a_media_process_that_dies_costs_one_request() -> None:
    media = FakeMedia()
    async with running_gateway(media=media) as gateway:
        media.takes_input = False
        asking = asyncio.create_task(send(gateway, part("seed", "1"), part("audio", SOUND * 4, "a")))
        await asyncio.sleep(0.05)
        media.die()
        reply = await asking
        assert (reply.status, reply.code) == (503, "engine_unavailable")
        media.takes_input = True
        await gateway.media_pool.add_link(await media.connect(), "media-0")
        assert (await send(gateway, part("audio", SOUND, "a"))).status == 200
