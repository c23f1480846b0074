"""OpenAI's way to have a recording written down, over a fake vault and a fake media process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from echoless.crossing.media_records import RenderTranscript, Transcribe, WordKind
from tests.fakes.fake_media import FakeMedia, word
from tests.fakes.form_body import HEADERS, fields, form, in_pieces, part
from tests.fakes.gateway import Gateway, Reply, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/audio/transcriptions"
SOUND = bytes(range(256)) * 2000
FILE = part("file", SOUND, "a.wav")


async def send(gateway: Gateway, *values: tuple[str, str], query: str = "", **more: Any) -> Reply:
    body = form(fields([("model", "whisper-1"), *values]), FILE)
    return await gateway.ask("POST", PATH + query, pieces=in_pieces(body, 60_000), headers=HEADERS, **more)


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_it_is_speech_to_text_with_the_same_switch(is_zero: bool) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, ("language", "en"), query="?enable_logging=0" if is_zero else "")
        assert reply.json == {"text": "Hello there.", "usage": {"type": "duration", "seconds": 1}}
        assert reply.headers["x-echoless-retention"] == ("zero" if is_zero else "default")
        kept = gateway.vault.last
        assert reply.headers.get("x-echoless-transcription-id", "") == kept.history_item_id
        assert bool(kept.history_item_id) is not is_zero
        assert bytes(kept.input_audio) == (b"" if is_zero else SOUND)
        if not is_zero:
            shown = json.loads(kept.transcript)
            assert (shown["text"], shown["transcription_id"]) == ("Hello there.", kept.history_item_id)
            assert shown["words"][0]["start"] == 0.1
        order = gateway.media.jobs[0].order
        assert isinstance(order, Transcribe)
        assert order.language_code == "en"


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(("query", "values"), [("?store=0", ()), ("", (("store", "false"),))])
async def test_another_word_for_the_switch_is_refused(query: str, values: tuple[tuple[str, str], ...]) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, *values, query=query)
        assert (reply.status, reply.headers["x-echoless-retention"]) == (422, "zero")
        assert not gateway.media.jobs


async def test_verbose_answers_have_segments_and_words() -> None:
    media = FakeMedia()
    space = word(" ", 1.2, 3.0, WordKind.SPACING)
    media.channels = [[*media.channels[0], word("Next", 1.0, 1.2), space, word("later.", 3.0, 3.5)]]
    async with running_gateway(media=media) as gateway:
        wanted = [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")]
        answer = (await send(gateway, ("response_format", "verbose_json"), *wanted)).json
        assert (answer["task"], answer["language"], answer["duration"]) == ("transcribe", "english", 1.0)
        assert answer["words"][0] == {"word": "Hello", "start": 0.1, "end": 0.4}
        assert "".join(segment["text"] for segment in answer["segments"]) == answer["text"]
        assert [segment["id"] for segment in answer["segments"]] == [0, 1, 2]
        assert (answer["segments"][0]["start"], answer["segments"][0]["end"]) == (0.1, 0.9)
        plain = (await send(gateway, ("response_format", "verbose_json"))).json
        assert "words" not in plain
        assert plain["segments"]


@pytest.mark.parametrize(
    ("name", "content_type"), [("srt", "application/x-subrip"), ("vtt", "text/vtt"), ("text", "text/plain")]
)
async def test_other_formats_are_plain_bodies(name: str, content_type: str) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, ("response_format", name))
        assert reply.headers["content-type"].startswith(content_type)
        assert reply.body == (b"Hello there.\n" if name == "text" else b"a file")
        if name != "text":
            order = gateway.media.jobs[1].order
            assert isinstance(order, RenderTranscript)
            assert [one.name for one in order.formats] == [name]


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("values", "status", "place"),
    [
        ([("prompt", "canary")], 400, "prompt"),
        ([("stream", "true")], 400, "stream"),
        ([("response_format", "diarized_json")], 400, "response_format"),
        ([("timestamp_granularities[]", "word")], 400, "timestamp_granularities"),
        ([("model", "canary")], 400, "model"),
        ([("response_format", "canary")], 422, "response_format"),
        ([("language", "canary!")], 422, "language"),
        ([("enable_logging", "false")], 422, "enable_logging"),
    ],
)
async def test_what_cannot_be_done_is_named_and_not_echoed(
    values: list[tuple[str, str]], status: int, place: str
) -> None:
    async with running_gateway() as gateway:
        reply = await send(gateway, *values)
        detail = reply.json["detail"]
        assert (reply.status, detail[0]["loc"][-1] if status == 422 else detail["param"]) == (status, place)
        assert b"canary" not in reply.body
        assert not gateway.media.jobs


async def test_a_language_that_nobody_hears_is_named_as_this_api_names_it() -> None:
    media = FakeMedia()
    media.error_code = "invalid_parameters"
    async with running_gateway(media=media) as gateway:
        reply = await send(gateway, ("language", "de"))
        assert (reply.status, reply.json["detail"]["param"]) == (400, "language")


async def test_a_form_needs_its_file_and_its_fields_before_a_large_one() -> None:
    async with running_gateway(held_bytes_max=1000) as gateway:
        missing = await gateway.ask(
            "POST", PATH, pieces=[form(part("model", "whisper-1"), part("language", "en"))], headers=HEADERS
        )
        assert (missing.status, missing.json["detail"][0]["loc"]) == (422, ["body", "file"])
        late = form(part("model", "whisper-1"), FILE, part("language", "en"))
        reply = await gateway.ask("POST", PATH, pieces=in_pieces(late, 60_000), headers=HEADERS)
        assert (reply.status, reply.code) == (413, "file_too_large")
