"""The official Python client, unmodified: every way to speak, sync and async, in both modes.

Runs with the locked release, and once more with the older one (ECHOLESS_CLIENT_VERSION names which is expected).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import version

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]

VOICE = "JBFqnCBsd6RMkjVDRZzb"
TEXT = "The client speaks in two modes."


@pytest.fixture
def client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


@pytest.fixture
async def async_client(server: RunningServer) -> AsyncIterator[elevenlabs.AsyncElevenLabs]:
    async with httpx.AsyncClient(timeout=60) as connections:
        yield elevenlabs.AsyncElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


def history_ids(server: RunningServer) -> set[str]:
    status, _headers, body = server.request("GET", "/v1/history?page_size=1000")
    assert status == 200
    return {item["history_item_id"] for item in json.loads(body)["history"]}


def test_the_release_is_the_one_that_is_meant() -> None:
    assert version("elevenlabs") == os.environ.get("ECHOLESS_CLIENT_VERSION", "2.78.0")


@pytest.mark.parametrize("is_kept", [True, False])
def test_convert_and_stream_are_kept_only_when_they_may_be(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    speech = client.text_to_speech
    whole = b"".join(speech.convert(VOICE, text=TEXT, output_format="pcm_22050", enable_logging=is_kept))
    streamed = b"".join(speech.stream(VOICE, text=TEXT, output_format="pcm_22050", enable_logging=is_kept))
    assert len(whole) > 22050
    assert abs(len(whole) - len(streamed)) < 22050
    assert len(history_ids(server) - before) == (2 if is_kept else 0)


@pytest.mark.parametrize("is_kept", [True, False])
def test_timestamps_cover_the_text_and_the_audio(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    speech = client.text_to_speech
    arguments = {"text": TEXT, "output_format": "pcm_22050", "enable_logging": is_kept}
    whole = speech.convert_with_timestamps(VOICE, **arguments)
    assert whole.alignment is not None
    assert "".join(whole.alignment.characters) == TEXT
    seconds = len(base64.b64decode(whole.audio_base_64)) / 2 / 22050
    assert 0 < whole.alignment.character_end_times_seconds[-1] <= seconds + 0.05
    pieces = list(speech.stream_with_timestamps(VOICE, **arguments))
    spoken = "".join(character for piece in pieces if piece.alignment for character in piece.alignment.characters)
    assert spoken == TEXT
    assert len(history_ids(server) - before) == (2 if is_kept else 0)


@pytest.mark.anyio
@pytest.mark.parametrize("is_kept", [True, False])
async def test_the_async_client_does_the_same(
    async_client: elevenlabs.AsyncElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    speech = async_client.text_to_speech
    arguments = {"text": TEXT, "output_format": "mp3_22050_32", "enable_logging": is_kept}
    whole = b"".join([chunk async for chunk in speech.convert(VOICE, **arguments)])
    streamed = b"".join([chunk async for chunk in speech.stream(VOICE, **arguments)])
    timed = await speech.convert_with_timestamps(VOICE, **arguments)
    assert min(len(whole), len(streamed), len(base64.b64decode(timed.audio_base_64))) > 4000
    assert len(history_ids(server) - before) == (3 if is_kept else 0)


@pytest.mark.claim("Z15")
def test_headers_say_the_mode_and_name_a_history_item_only_when_there_is_one(client: elevenlabs.ElevenLabs) -> None:
    for is_kept in (True, False):
        speech = client.text_to_speech.with_raw_response
        with speech.convert(VOICE, text=TEXT, enable_logging=is_kept) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            assert b"".join(response.data)
        assert headers["x-echoless-retention"] == ("default" if is_kept else "zero")
        assert ("history-item-id" in headers) is is_kept
        assert headers["cache-control"] == "no-store"
        assert headers["request-id"]


def test_history_is_listed_played_and_deleted(client: elevenlabs.ElevenLabs, server: RunningServer) -> None:
    before = history_ids(server)
    data = b"".join(client.text_to_speech.convert(VOICE, text=TEXT))
    (made,) = history_ids(server) - before
    assert client.history.get(made).text == TEXT
    assert b"".join(client.history.get_audio(made)) == data
    client.history.delete(made)
    with pytest.raises(ApiError) as caught:
        client.history.get(made)
    assert caught.value.status_code == 404
    assert history_ids(server) == before


def test_voices_models_and_account_are_as_the_client_expects(client: elevenlabs.ElevenLabs) -> None:
    voices = client.voices.get_all().voices
    assert len(voices) >= 20
    assert client.voices.get(VOICE).voice_id == VOICE
    assert {"eleven_flash_v2", "eleven_multilingual_v2"} <= {model.model_id for model in client.models.list()}
    assert client.user.get().subscription.tier


def test_a_wrong_key_is_refused_in_the_clients_shape(server: RunningServer) -> None:
    with httpx.Client() as connections, pytest.raises(ApiError) as caught:
        stranger = elevenlabs.ElevenLabs(
            base_url=server.base_url, api_key="sk_nobody_knows_this_key", httpx_client=connections
        )
        b"".join(stranger.text_to_speech.convert(VOICE, text=TEXT))
    assert caught.value.status_code == 401
    assert caught.value.body["detail"]["code"] == "invalid_api_key"
