"""Voices: lists, settings, previews."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.voices import VOICE_BY_ID, VOICES
from echoless.crossing.query_records import EditVoiceSettings
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_vault import SETTINGS
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_older_list_has_every_voice_with_what_clients_need() -> None:
    async with running_gateway() as gateway:
        voices = (await gateway.ask("GET", "/v1/voices")).json["voices"]
        assert [voice["voice_id"] for voice in voices] == [voice.catalogue_id for voice in VOICES]
        for voice in voices:
            assert voice["name"]
            assert voice["category"] == "premade"
            assert voice["fine_tuning"]["state"] is not None
            assert voice["preview_url"] == f"http://127.0.0.1:8080/v1/voices/{voice['voice_id']}/preview"


async def test_newer_list_pages_through_all_voices_once() -> None:
    async with running_gateway() as gateway:
        found, token = [], ""
        while True:
            page = (await gateway.ask("GET", f"/v2/voices?page_size=7&sort=name{token}")).json
            assert page["total_count"] == len(VOICES)
            found += [voice["voice_id"] for voice in page["voices"]]
            if not page["has_more"]:
                assert page["next_page_token"] is None
                break
            token = f"&next_page_token={page['next_page_token']}"
        names = [VOICE_BY_ID[voice_id].name for voice_id in found]
        assert sorted(found) == sorted(VOICE_BY_ID)
        assert names == sorted(names)


@pytest.mark.parametrize(
    ("query", "test"),
    [
        ("search=rachel", lambda voice: voice.name == "Rachel"),
        ("search=FEMALE%20american", lambda voice: voice.gender == "female" and voice.accent == "american"),
        ("gender=male&age=old", lambda voice: voice.gender == "male" and voice.age == "old"),
        ("language=de", lambda voice: voice.language == "de"),
        ("accent=scottish", lambda voice: voice.accent == "scottish"),
        ("use_cases=news&use_cases=meditation", lambda voice: voice.use_case in {"news", "meditation"}),
        (f"voice_ids={VOICE_ID}&voice_ids=unknown", lambda voice: voice.catalogue_id == VOICE_ID),
        ("voice_type=default", lambda voice: True),
    ],
)
async def test_filters_find_what_they_name(query: str, test: object) -> None:
    assert callable(test)
    async with running_gateway() as gateway:
        page = (await gateway.ask("GET", f"/v2/voices?page_size=100&{query}")).json
        expected = {voice.catalogue_id for voice in VOICES if test(voice)}
        assert expected
        assert {voice["voice_id"] for voice in page["voices"]} == expected


@pytest.mark.parametrize(
    "query", ["category=cloned", "voice_type=personal", "fine_tuning_state=draft", "collection_id=x", "search=zzzz"]
)
async def test_filters_that_no_premade_voice_meets_leave_none(query: str) -> None:
    async with running_gateway() as gateway:
        page = (await gateway.ask("GET", f"/v2/voices?{query}")).json
        assert (page["voices"], page["has_more"], page["total_count"]) == ([], False, 0)


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=101", "sort=x", "next_page_token=secret", "category=x"]
)
async def test_query_that_does_not_fit_is_422(query: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", f"/v2/voices?{query}")
        assert reply.status == 422
        assert b"secret" not in reply.body


async def test_voice_and_settings_are_shown_or_404() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", f"/v1/voices/{VOICE_ID}")).json["name"] == "Rachel"
        assert (await gateway.ask("GET", f"/v1/voices/{VOICE_ID}/settings")).json == SETTINGS
        assert (await gateway.ask("GET", "/v1/voices/settings/default", api_key="")).json == SETTINGS
        for path in ("unknown", "x" * 5000, "unknown/settings"):
            reply = await gateway.ask("GET", f"/v1/voices/{path}")
            assert (reply.status, reply.code) == (404, "voice_not_found")


async def test_stored_settings_keep_what_was_not_given() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"/v1/voices/{VOICE_ID}/settings/edit", {"stability": 0.9, "style": None})
        assert reply.json == {"status": "ok"}
        stored = [question for question in gateway.vault.questions if isinstance(question, EditVoiceSettings)]
        assert stored == [EditVoiceSettings(voice_id=VOICE_ID, settings=SETTINGS | {"stability": 0.9})]
        reply = await gateway.ask("POST", f"/v1/voices/{VOICE_ID}/settings/edit", {"stability": 9})
        assert reply.status == 422


async def test_preview_plays_without_a_key_and_leaves_no_ticket() -> None:
    async with running_gateway(FakeEngine(b"sound" * 100)) as gateway:
        reply = await gateway.ask("GET", f"/v1/voices/{VOICE_ID}/preview", api_key="")
        assert (reply.status, reply.headers["content-type"], reply.body) == (200, "audio/mpeg", b"sound" * 100)
        assert gateway.engine.jobs[0].speak.text == VOICE_BY_ID[VOICE_ID].preview_text
        assert not gateway.vault.questions
        assert (await gateway.ask("GET", "/v1/voices/unknown/preview", api_key="")).status == 404


async def test_previews_at_once_are_few() -> None:
    engine = FakeEngine(b"sound" * 100)
    engine.is_silent_after = 0
    async with running_gateway(engine) as gateway:
        path = f"/v1/voices/{VOICE_ID}/preview"
        running = [asyncio.create_task(gateway.ask("GET", path, api_key="")) for _ in range(4)]
        while len(engine.jobs) < 4:
            await asyncio.sleep(0.001)
        assert (await gateway.ask("GET", path, api_key="")).status == 429
        engine.is_silent_after = None
        for job in engine.jobs:
            job.moved.set()
        assert [(await task).status for task in running] == [200] * 4
        assert (await gateway.ask("GET", path, api_key="")).status == 200


@pytest.mark.parametrize(
    ("settings", "headers", "base_url"),
    [
        ({}, {"host": "speech.example:8080"}, "http://speech.example:8080"),
        ({}, {"host": "[::1]:8080"}, "http://[::1]:8080"),
        ({"tls_certificate_path": "/c.pem"}, {"host": "speech.example"}, "https://speech.example"),
        ({}, {"host": "speech.example", "x-forwarded-proto": "https"}, "https://speech.example"),
        ({"public_url": "https://public.example/"}, {"host": "speech.example"}, "https://public.example"),
        ({}, {"host": 'x"/onload='}, ""),
    ],
)
async def test_preview_can_be_played_at_the_address_that_the_client_uses(
    settings: dict[str, str], headers: dict[str, str], base_url: str
) -> None:
    async with running_gateway(**({"public_url": ""} | settings)) as gateway:
        voice = (await gateway.ask("GET", f"/v1/voices/{VOICE_ID}", headers=headers)).json
        address = f"{base_url}/v1/voices/{VOICE_ID}/preview"
        assert voice["preview_url"] == address
        assert {language["preview_url"] for language in voice["verified_languages"]} == {address}
