"""Text to speech over a fake vault and a fake engine."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.crossing.query_records import CheckRequestIds
from echoless.crossing.records import CloseStatus, CloseTicket, Refused, ReserveUnits, TicketClosed
from echoless.retention.decision import RetentionMode
from echoless.volatile.gateway.schemas.text_to_speech import SpeechBody
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_vault import SETTINGS
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


async def test_stated_length_ends_with_the_last_byte_after_the_commit() -> None:
    engine = FakeEngine(AUDIO)
    engine.states_length = True
    async with running_gateway(engine) as gateway:
        reply = await gateway.ask("POST", f"{PATH}?output_format=wav_22050", {"text": "a"})
        assert reply.headers["content-length"] == str(len(AUDIO))
        assert reply.headers["content-type"] == "audio/wav"
        assert reply.body == AUDIO
        assert len(reply.pieces[-1]) == 1


@pytest.mark.claim("Z11")
@pytest.mark.parametrize("suffix", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
@pytest.mark.parametrize("states_length", [True, False])
async def test_what_is_not_kept_has_no_clean_end(suffix: str, states_length: bool) -> None:
    engine = FakeEngine(AUDIO)
    engine.states_length = states_length
    async with running_gateway(engine) as gateway:
        gateway.vault.scripted[CloseTicket] = TicketClosed(is_kept=False)
        reply = await gateway.ask("POST", f"{PATH}{suffix}", {"text": "a"})
        assert reply.status == 200
        assert not reply.is_complete
        assert len(reply.body) < len(AUDIO) or not states_length or "timestamps" in suffix


async def test_vault_that_dies_midway_cuts_a_kept_stream() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 65536
    async with running_gateway(engine) as gateway:
        asking = asyncio.create_task(gateway.ask("POST", PATH, {"text": "a"}))
        while not engine.jobs or engine.jobs[0].sent_bytes < 65536:
            await asyncio.sleep(0.001)
        gateway.vault.links[0].abort()
        await asyncio.sleep(0.01)
        engine.is_silent_after = None
        engine.jobs[0].moved.set()
        reply = await asking
        assert not reply.is_complete
        assert engine.jobs[0].is_cancelled


async def test_engine_that_dies_midway_cuts_the_stream_at_once() -> None:
    engine = FakeEngine(AUDIO)
    engine.is_silent_after = 65536
    async with running_gateway(engine) as gateway:
        asking = asyncio.create_task(gateway.ask("POST", PATH, {"text": "a"}))
        while not engine.jobs or engine.jobs[0].sent_bytes < 65536:
            await asyncio.sleep(0.001)
        engine.links[0].abort()
        reply = await asking
        assert (reply.status, reply.is_complete) == (200, False)
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.FAILED
        assert (await gateway.ask("POST", PATH, {"text": "a"})).status == 503


async def test_engine_error_before_the_first_byte_is_a_proper_problem() -> None:
    engine = FakeEngine(AUDIO)
    engine.error_code = "engine_unavailable"
    async with running_gateway(engine) as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "a"})
        assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "engine_unavailable", "1")
        assert "history-item-id" not in reply.headers


async def test_client_that_leaves_midway_cancels_and_what_arrived_is_closed_as_left() -> None:
    async with running_gateway(FakeEngine(AUDIO * 20)) as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "a"}, leave_after_bytes=100_000)
        assert not reply.is_complete
        assert gateway.engine.jobs[0].is_cancelled
        kept = gateway.vault.last
        assert kept.closed is not None
        assert kept.closed.status is CloseStatus.CLIENT_LEFT
        assert kept.text is not None
        assert kept.audio


async def test_engine_is_never_further_ahead_than_its_window() -> None:
    async with running_gateway(FakeEngine(AUDIO * 40)) as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "a"})
        assert reply.body == AUDIO * 40
        job = gateway.engine.jobs[0]
        assert job.sent_bytes - job.taken_bytes <= job.speak.window_bytes


async def test_text_that_gives_no_sound_is_an_empty_file() -> None:
    async with running_gateway(FakeEngine(b"")) as gateway:
        reply = await gateway.ask("POST", f"{PATH}/with-timestamps", {"text": "🙂"})
        assert reply.json["audio_base64"] == ""
        reply = await gateway.ask("POST", PATH, {"text": "🙂"})
        assert (reply.status, reply.body, reply.is_complete) == (200, b"", True)


@pytest.mark.parametrize("name", AUDIO_FORMATS)
async def test_each_output_format_has_its_media_type(name: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"{PATH}?output_format={name}", {"text": "a"})
        assert reply.headers["content-type"] == AUDIO_FORMATS[name].content_type
        assert gateway.engine.jobs[0].speak.output_format == name
        reply = await gateway.ask("POST", f"{PATH}/stream?output_format={name}", {"text": "a"})
        assert reply.status == (422 if name.startswith("wav") else 200)


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("body", "location"),
    [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b'{"text":"' + b"\xff" + b'"}', ["body"]),
        (b'{"text":"\\ud800 secret"}', ["body"]),
        (b'{"a":' * 5000, ["body"]),
        (b"[" * 500_000, ["body"]),
        (b'{"text":NaN}', ["body"]),
        (b'{"text":1' + b"0" * 5000 + b"}", ["body"]),
        ({}, ["body", "text"]),
        ({"text": None}, ["body", "text"]),
        ({"text": 5}, ["body", "text"]),
        ({"text": ["secret"]}, ["body", "text"]),
        ({"text": ""}, ["body", "text"]),
        ({"text": " \n\t "}, ["body", "text"]),
        ({"text": "a", "seed": "secret"}, ["body", "seed"]),
        ({"text": "a", "seed": -1}, ["body", "seed"]),
        ({"text": "a", "seed": 2**40}, ["body", "seed"]),
        ({"text": "a", "voice_settings": "secret"}, ["body", "voice_settings"]),
        ({"text": "a", "voice_settings": {"stability": 3}}, ["body", "voice_settings", "stability"]),
        ({"text": "a", "voice_settings": {"speed": 9}}, ["body", "voice_settings", "speed"]),
        ({"text": "a", "apply_text_normalization": "secret"}, ["body", "apply_text_normalization"]),
        ({"text": "a", "previous_request_ids": ["a", "b", "c", "d"]}, ["body", "previous_request_ids"]),
        ({"text": "a", "previous_request_ids": {"secret": 1}}, ["body", "previous_request_ids"]),
        (
            {"text": "a", "pronunciation_dictionary_locators": [{"secret": 1}]},
            ["body", "pronunciation_dictionary_locators", 0, "pronunciation_dictionary_id"],
        ),
    ],
)
async def test_body_that_does_not_fit_is_422_without_an_echo(body: object, location: list[object]) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body)
        assert reply.status == 422
        assert reply.json["detail"][0]["loc"] == location
        assert set(reply.json["detail"][0]) == {"loc", "msg", "type"}
        assert b"secret" not in reply.body
        assert not gateway.engine.jobs


@pytest.mark.parametrize("query", ["output_format=secret", "optimize_streaming_latency=5"])
async def test_query_that_does_not_fit_is_422_before_the_body_is_read(query: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"{PATH}?{query}", {"text": "a"})
        assert (reply.status, reply.json["detail"][0]["loc"][0]) == (422, "query")
        assert reply.body_reads == 0
        assert b"secret" not in reply.body


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    "key", ["enable_logging", "enableLogging", "enable-logging", "zero_retention", "zeroRetention", "EnableLogging"]
)
@pytest.mark.parametrize("value", [True, False, None, "false"])
async def test_switch_in_the_body_is_refused_and_the_right_place_named(key: str, value: object) -> None:
    """T44: whoever puts it there believes that it takes effect."""
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "a", key: value})
        assert reply.status == 422
        assert reply.json["detail"][0]["loc"] == ["query", "enable_logging"]
        assert not gateway.engine.jobs


async def test_null_members_and_unknown_ones_are_as_if_absent() -> None:
    body = dict.fromkeys(SpeechBody.model_fields) | {"text": "a", "unheard_of": {"x": 1}}
    async with running_gateway() as gateway:
        assert (await gateway.ask("POST", PATH, body)).status == 200
        assert (await gateway.ask("POST", PATH, {"text": "a"})).status == 200
        first, second = (job.speak for job in gateway.engine.jobs)
        assert first == second


async def test_given_settings_lie_over_the_stored_ones() -> None:
    async with running_gateway() as gateway:
        settings = {"stability": 0.1, "speed": None, "use_speaker_boost": False}
        await gateway.ask("POST", PATH, {"text": "a", "voice_settings": settings})
        assert gateway.engine.jobs[0].speak.settings == SETTINGS | {"stability": 0.1, "use_speaker_boost": False}


async def test_limit_of_the_model_is_400_and_counts_code_points() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "🙂" * 10_001})
        assert (reply.status, reply.code) == (400, "max_character_limit_exceeded")
        assert (await gateway.ask("POST", PATH, {"text": "🙂" * 10_000})).status == 200
        reply = await gateway.ask("POST", PATH, {"text": "a" * 40_000, "model_id": "eleven_flash_v2_5"})
        assert reply.headers["x-character-count"] == "40000"


async def test_limits_of_the_configuration_win() -> None:
    async with running_gateway(character_limits={"eleven_multilingual_v2": 5}) as gateway:
        assert (await gateway.ask("POST", PATH, {"text": "123456"})).status == 400


async def test_unknown_model_is_404_unless_the_operator_maps_it() -> None:
    body = {"text": "a", "model_id": "secret_model"}
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body)
        assert (reply.status, reply.code) == (404, "model_not_found")
        assert b"secret" not in reply.body
    async with running_gateway(unknown_model="eleven_flash_v2") as gateway:
        assert (await gateway.ask("POST", PATH, body)).status == 200
        assert gateway.vault.last.reserved is not None
        assert gateway.vault.last.reserved.model_id == "eleven_flash_v2"
    async with running_gateway(model_aliases={"secret_model": "eleven_v3"}) as gateway:
        assert (await gateway.ask("POST", PATH, body)).status == 200
        assert gateway.vault.last.reserved is not None
        assert gateway.vault.last.reserved.model_id == "eleven_v3"


@pytest.mark.parametrize("field", ["previous_request_ids", "next_request_ids"])
async def test_ids_of_earlier_requests_do_not_go_with_zero_retention(field: str) -> None:
    """C13: refused where the request asked for it, ignored where only key or workspace did, else checked."""
    body = {"text": "a", field: ["some-id"]}
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"{PATH}?enable_logging=false", body)
        assert (reply.status, reply.code) == (400, "zero_retention_not_supported")
        assert reply.json["detail"]["param"] == field
        gateway.vault.standing = replace(gateway.vault.standing, key_floor=RetentionMode.ZERO)
        assert (await gateway.ask("POST", PATH, body)).status == 200
        assert not any(isinstance(question, CheckRequestIds) for question in gateway.vault.questions)
        gateway.vault.standing = replace(gateway.vault.standing, key_floor=RetentionMode.DEFAULT)
        gateway.vault.scripted[CheckRequestIds] = Refused(
            code="invalid_request_id", message="Not known.", param=field
        )
        reply = await gateway.ask("POST", PATH, body)
        assert (reply.status, reply.code) == (400, "invalid_request_id")
        reply = await gateway.ask("POST", PATH, body | {"model_id": "eleven_v3"})
        assert (reply.status, reply.code) == (400, "invalid_parameters")


async def test_what_this_server_does_not_have_is_not_passed_over() -> None:
    async with running_gateway() as gateway:
        locators = [{"pronunciation_dictionary_id": "no id of ours", "version_id": None}]
        reply = await gateway.ask("POST", PATH, {"text": "a", "pronunciation_dictionary_locators": locators})
        assert (reply.status, reply.json["detail"]["param"]) == (404, "pronunciation_dictionary_locators")
        reply = await gateway.ask("POST", PATH, {"text": "a", "audio_effects": {"environment_id": "secret"}})
        assert (reply.status, reply.json["detail"]["param"]) == (404, "audio_effects.environment_id")
        reply = await gateway.ask("POST", PATH, {"text": "a", "audio_effects": {"pan": 0.5}})
        assert (reply.status, reply.json["detail"]["param"]) == (400, "audio_effects.pan")


@pytest.mark.parametrize(
    ("query", "asked", "expected"),
    [("", None, "auto"), ("4", None, "off"), ("4", "on", "on"), ("3", None, "auto"), ("", "off", "off")],
)
async def test_highest_latency_saving_turns_the_normaliser_off(
    query: str, asked: str | None, expected: str
) -> None:
    async with running_gateway() as gateway:
        latency = f"?optimize_streaming_latency={query}" if query else ""
        await gateway.ask("POST", PATH + latency, {"text": "a", "apply_text_normalization": asked})
        assert gateway.engine.jobs[0].speak.normalization == expected


@pytest.mark.parametrize(
    ("model_id", "code", "expected"),
    [("eleven_flash_v2_5", "de", "de"), ("eleven_flash_v2_5", "DE", "de"), ("eleven_flash_v2_5", "tlh", ""),
     ("eleven_multilingual_v2", "de", ""), ("eleven_flash_v2", "de", ""), ("eleven_v3", "x" * 9000, "")],
)  # fmt: skip
async def test_language_has_an_effect_where_the_model_lists_it(model_id: str, code: str, expected: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": "a", "model_id": model_id, "language_code": code})
        assert reply.status == 200
        assert gateway.engine.jobs[0].speak.language_code == expected


async def test_refused_units_never_reach_an_engine() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ReserveUnits] = Refused(code="quota_exceeded", message="The quota is spent.")
        reply = await gateway.ask("POST", PATH, {"text": "a"})
        assert (reply.status, reply.code) == (401, "quota_exceeded")
        assert not gateway.engine.jobs


async def test_body_over_the_bound_without_a_length_is_413() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, b"x" * 1_100_000, headers={"content-length": "10"})
        assert (reply.status, reply.headers["connection"]) == (413, "close")


@pytest.mark.parametrize("text", ["a\x00b", "مرحبا بالعالم", "👩‍👩‍👧 mixed Текст 漢字", "\u202eabc", "\x1b[31m"])
async def test_odd_but_valid_text_is_spoken_as_it_came(text: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"{PATH}/with-timestamps", {"text": text})
        assert gateway.engine.jobs[0].speak.text == text
        assert "".join(reply.json["alignment"]["characters"]) == text
