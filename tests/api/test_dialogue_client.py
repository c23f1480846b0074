"""The official Python client speaks dialogues: every method, in both modes."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import AsyncIterator, Iterator

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
INPUTS = [
    elevenlabs.DialogueInput(text="[whispers] Is anybody there?", voice_id=RACHEL),
    elevenlabs.DialogueInput(text="Yes, 2 of us. [laughs]", voice_id=GEORGE),
    elevenlabs.DialogueInput(text="[shouting] Good!", voice_id=RACHEL),
]
TEXT = "".join(line.text for line in INPUTS)


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


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.seed("S11")
def test_dialogues_are_kept_only_when_they_may_be(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    dialogue = client.text_to_dialogue
    arguments = {"inputs": INPUTS, "output_format": "pcm_22050", "enable_logging": is_kept, "seed": 3}
    whole = b"".join(dialogue.convert(**arguments))
    streamed = b"".join(dialogue.stream(**arguments))
    assert whole == streamed
    assert len(whole) > 2 * 22_050 * 2
    assert len(history_ids(server) - before) == (2 if is_kept else 0)


@pytest.mark.parametrize("is_kept", [True, False])
def test_timestamps_cover_the_dialogue_and_say_who_speaks(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    arguments = {"inputs": INPUTS, "output_format": "pcm_22050", "enable_logging": is_kept}
    whole = client.text_to_dialogue.convert_with_timestamps(**arguments)
    assert whole.alignment is not None
    assert whole.normalized_alignment is not None
    assert "".join(whole.alignment.characters) == TEXT
    assert "two of us" in "".join(whole.normalized_alignment.characters)
    assert "whispers" not in "".join(whole.normalized_alignment.characters)
    segments = whole.voice_segments
    assert [(s.voice_id, s.dialogue_input_index) for s in segments] == [(RACHEL, 0), (GEORGE, 1), (RACHEL, 2)]
    spoken = [TEXT[s.character_start_index : s.character_end_index] for s in segments]
    assert spoken == [line.text for line in INPUTS]
    seconds = len(base64.b64decode(whole.audio_base_64)) / 2 / 22_050
    times = [time for s in segments for time in (s.start_time_seconds, s.end_time_seconds)]
    assert times == sorted(times)
    assert times[-1] <= seconds
    pieces = list(client.text_to_dialogue.stream_with_timestamps(**arguments))
    heard = [
        "".join(piece.alignment.characters)[s.character_start_index : s.character_end_index]
        for piece in pieces
        for s in piece.voice_segments
        if piece.alignment
    ]
    assert "".join(heard) == TEXT
    assert len(history_ids(server) - before) == (2 if is_kept else 0)


@pytest.mark.anyio
@pytest.mark.parametrize("is_kept", [True, False])
async def test_the_async_client_does_the_same(
    async_client: elevenlabs.AsyncElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = history_ids(server)
    dialogue = async_client.text_to_dialogue
    arguments = {"inputs": INPUTS, "enable_logging": is_kept}
    whole = b"".join([chunk async for chunk in dialogue.convert(**arguments)])
    streamed = b"".join([chunk async for chunk in dialogue.stream(**arguments)])
    timed = await dialogue.convert_with_timestamps(**arguments)
    lines = [piece async for piece in dialogue.stream_with_timestamps(**arguments)]
    assert len({whole, streamed, base64.b64decode(timed.audio_base_64)}) == 1
    assert b"".join(base64.b64decode(line.audio_base_64) for line in lines) == whole
    assert len(history_ids(server) - before) == (4 if is_kept else 0)


@pytest.mark.claim("Z15")
def test_headers_say_the_mode_and_name_an_item_only_when_there_is_one(client: elevenlabs.ElevenLabs) -> None:
    for is_kept in (True, False):
        with client.text_to_dialogue.with_raw_response.convert(inputs=INPUTS, enable_logging=is_kept) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            assert b"".join(response.data)
        assert headers["x-echoless-retention"] == ("default" if is_kept else "zero")
        assert ("history-item-id" in headers) is is_kept
        assert headers["character-cost"] == str(len(TEXT))


def test_an_item_has_its_lines_and_can_be_found_played_and_deleted(
    client: elevenlabs.ElevenLabs, server: RunningServer
) -> None:
    before = history_ids(server)
    data = b"".join(client.text_to_dialogue.convert(inputs=INPUTS))
    (made,) = history_ids(server) - before
    item = client.history.get(made)
    assert (item.text, item.voice_id, item.source, item.model_id) == (None, None, "TTS", "eleven_v3")
    assert item.dialogue is not None
    assert [(line.text, line.voice_id) for line in item.dialogue] == [(line.text, line.voice_id) for line in INPUTS]
    assert [line.voice_name for line in item.dialogue] == ["Rachel", "George", "Rachel"]
    assert b"".join(client.history.get_audio(made)) == data
    assert made in {found.history_item_id for found in client.history.list(search="of us").history}
    client.history.delete(made)
    assert history_ids(server) == before


def test_a_whole_dialogue_may_be_riff_with_the_right_sizes(client: elevenlabs.ElevenLabs) -> None:
    data = b"".join(client.text_to_dialogue.convert(inputs=INPUTS, output_format="wav_16000", enable_logging=False))
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        assert len(data) == 44 + 2 * file.getnframes()


def test_tags_shape_delivery_on_speech_routes_of_models_that_read_them_and_are_text_for_others(
    client: elevenlabs.ElevenLabs,
) -> None:
    def spoken(text: str, model_id: str) -> str:
        timed = client.text_to_speech.convert_with_timestamps(
            RACHEL, text=text, model_id=model_id, output_format="pcm_8000", enable_logging=False
        )
        assert timed.normalized_alignment is not None
        return "".join(timed.normalized_alignment.characters)

    assert "slowly" not in spoken("[slowly] Come in.", "eleven_v3")
    assert "slowly" in spoken("[slowly] Come in.", "eleven_flash_v2")

    def length(text: str) -> int:
        speech = client.text_to_speech.convert(
            RACHEL, text=text, model_id="eleven_v3", output_format="pcm_8000", enable_logging=False
        )
        return len(b"".join(speech))

    assert length("[slowly] Come in, all of you.") > 1.2 * length("Come in, all of you.")
    assert length("Come in. [long pause] All of you.") > length("Come in. All of you.") + 8_000 * 2


def test_what_cannot_be_spoken_is_refused_in_the_clients_shape(client: elevenlabs.ElevenLabs) -> None:
    many = [elevenlabs.DialogueInput(text="a", voice_id=f"voice{index}") for index in range(11)]
    for inputs, status, code in (
        (many, 400, "invalid_parameters"),
        ([elevenlabs.DialogueInput(text="a" * 5001, voice_id=RACHEL)], 400, "max_character_limit_exceeded"),
        ([elevenlabs.DialogueInput(text="a", voice_id="nobody")], 404, "voice_not_found"),
    ):
        with pytest.raises(ApiError) as caught:
            b"".join(client.text_to_dialogue.convert(inputs=inputs))
        assert caught.value.status_code == status
        assert caught.value.body["detail"]["code"] == code
