"""The official Python client changes voices and has recordings written down, on a server without models."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import math
import os
import signal
import struct
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.form_body import CONTENT_TYPE, form, part
from tests.fakes.raw_client import RawAnswer, raw_connection, request_bytes
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]
VOICE = "JBFqnCBsd6RMkjVDRZzb"
MODES = [True, False]
PATH = "/v1/speech-to-text"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose media process needs no model: every recording is a fixed text, and is converted to itself."""
    variables = {"ECHOLESS_MEDIA_ENGINE": "null", "ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "0"}
    directory = tmp_path_factory.mktemp("recordings")
    with running_server(directory, "--engines", "1", "--gateways", "1", variables=variables) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


@asynccontextmanager
async def async_client(server: RunningServer) -> AsyncIterator[elevenlabs.AsyncElevenLabs]:
    async with httpx.AsyncClient(timeout=60) as connections:
        yield elevenlabs.AsyncElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


def recording(length_s: float = 2.0, channel_count: int = 1, rate_hz: int = 16_000) -> bytes:
    """A tone as a WAV file; each channel an octave above the one before."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channel_count)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        samples = (
            int(9000 * math.sin(2 * math.pi * 110 * 2**channel * index / rate_hz))
            for index in range(int(length_s * rate_hz))
            for channel in range(channel_count)
        )
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return buffer.getvalue()


def history(server: RunningServer) -> list[dict[str, Any]]:
    return list(json.loads(server.request("GET", "/v1/history?page_size=1000")[2])["history"])


def length_s_of(pcm: bytes, rate_hz: int) -> float:
    return len(pcm) / 2 / rate_hz


# --- voice changer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_kept", MODES)
@pytest.mark.parametrize("is_streamed", MODES)
def test_a_recording_is_said_again(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool, is_streamed: bool
) -> None:
    before = len(history(server))
    product = client.speech_to_speech.with_raw_response
    method = product.stream if is_streamed else product.convert
    with method(
        VOICE, audio=recording(), model_id="eleven_multilingual_sts_v2", output_format="pcm_16000", seed=4,
        voice_settings=json.dumps({"stability": 0.4}), remove_background_noise=False, enable_logging=is_kept,
    ) as answer:  # fmt: skip
        audio = b"".join(answer.data)
        headers = answer.headers
    assert length_s_of(audio, 16_000) == pytest.approx(2.0, rel=0.01)
    assert headers["x-echoless-retention"] == ("default" if is_kept else "zero")
    assert ("history-item-id" in headers) is is_kept
    items = history(server)
    assert len(items) - before == int(is_kept)
    if is_kept:
        item = next(one for one in items if one["history_item_id"] == headers["history-item-id"])
        assert (item["source"], item["voice_id"], item["model_id"]) == ("STS", VOICE, "eleven_multilingual_sts_v2")
        assert b"".join(client.history.get_audio(headers["history-item-id"])) == audio
        kept = server.request("GET", f"/v1/history/{headers['history-item-id']}/input-audio")
        assert kept[2] == recording()


@pytest.mark.anyio
@pytest.mark.parametrize("is_kept", MODES)
async def test_a_recording_is_said_again_by_the_other_client(server: RunningServer, is_kept: bool) -> None:
    async with async_client(server) as client:
        for method in (client.speech_to_speech.convert, client.speech_to_speech.stream):
            pieces = [piece async for piece in method(
                VOICE, audio=("voice_sample.mp3", recording(), "audio/mpeg"), output_format="pcm_8000",
                enable_logging=is_kept,
            )]  # fmt: skip
            assert length_s_of(b"".join(pieces), 8000) == pytest.approx(2.0, rel=0.01)


def test_a_wav_states_its_sizes_and_samples_need_no_container(client: elevenlabs.ElevenLabs) -> None:
    with client.speech_to_speech.with_raw_response.convert(
        VOICE, audio=bytes(32_000), file_format="pcm_s16le_16", output_format="wav_16000", enable_logging=False
    ) as answer:
        data = b"".join(answer.data)
        assert answer.headers["content-length"] == str(len(data))
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == pytest.approx(16_000, rel=0.01)


@pytest.mark.seed("S12")
def test_both_spellings_are_one_product(server: RunningServer) -> None:
    body = form(part("audio", recording(), "upload"))
    answers = [
        server.request(
            "POST",
            f"/v1/{name}/{VOICE}?enable_logging=false&output_format=pcm_16000",
            body,
            headers={"content-type": CONTENT_TYPE},
        )
        for name in ("speech-to-speech", "voice-changer")
    ]
    assert [answer[0] for answer in answers] == [200, 200]
    assert answers[0][2] == answers[1][2]


@pytest.mark.parametrize(
    ("audio", "status", "code"),
    [(b"", 400, "invalid_audio"), (b"no sound at all" * 50, 400, "invalid_audio"),
     (recording(0.05), 400, "audio_too_short")],
)  # fmt: skip
def test_what_is_no_recording_is_told(
    client: elevenlabs.ElevenLabs, server: RunningServer, audio: bytes, status: int, code: str
) -> None:
    before = len(history(server))
    with pytest.raises(ApiError) as caught:
        b"".join(client.speech_to_speech.convert(VOICE, audio=audio))
    assert (caught.value.status_code, caught.value.body["detail"]["code"]) == (status, code)
    with pytest.raises(ApiError) as caught:
        client.speech_to_text.convert(model_id="scribe_v1", file=audio)
    assert (caught.value.status_code, caught.value.body["detail"]["code"]) == (status, code)
    assert len(history(server)) == before


# --- speech to text ---------------------------------------------------------------------------------------------


def transcription(server: RunningServer, query: str, *parts: bytes) -> tuple[int, dict[str, Any]]:
    body = form(part("model_id", "scribe_v1"), *parts, part("file", recording(2.0, 2), "upload"))
    status, _, answer = server.request("POST", PATH + query, body, headers={"content-type": CONTENT_TYPE})
    return status, json.loads(answer)


@pytest.mark.parametrize("is_kept", MODES)
@pytest.mark.seed("S13")
def test_a_recording_is_written_down(client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool) -> None:
    before = len(history(server))
    answer = client.speech_to_text.convert(
        model_id="scribe_v1", file=recording(), enable_logging=is_kept, tag_audio_events=False,
        timestamps_granularity="character", language_code="eng", temperature=0.0, seed=1, keyterms=["Echoless"],
    )  # fmt: skip
    assert isinstance(answer, elevenlabs.SpeechToTextChunkResponseModel)
    assert answer.text == "Null transcript."
    assert answer.language_code == "eng"
    assert answer.audio_duration_secs == pytest.approx(2.0, abs=0.05)
    first = answer.words[0]
    assert (first.text, first.start, first.type) == ("Null", 0.0, "word")
    assert first.characters is not None
    assert [one.text for one in first.characters] == list("Null")
    assert len(history(server)) == before, "the history never lists transcripts"
    transcripts = client.speech_to_text.transcripts
    if not is_kept:
        assert answer.transcription_id is None
        return
    assert answer.transcription_id is not None
    assert transcripts.get(answer.transcription_id).text == answer.text
    kept = server.request("GET", f"{PATH}/transcripts/{answer.transcription_id}/input-audio")
    assert kept[2] == recording()
    transcripts.delete(answer.transcription_id)
    for call in (transcripts.get, transcripts.delete):
        with pytest.raises(ApiError) as caught:
            call(answer.transcription_id)
        assert caught.value.status_code == 404


@pytest.mark.anyio
@pytest.mark.parametrize("is_kept", MODES)
async def test_a_recording_is_written_down_for_the_other_client(server: RunningServer, is_kept: bool) -> None:
    async with async_client(server) as client:
        answer = await client.speech_to_text.convert(
            model_id="scribe_v2", file=("a.mp3", recording(), "audio/mpeg"), enable_logging=is_kept,
            no_verbatim=True,
        )  # fmt: skip
        assert isinstance(answer, elevenlabs.SpeechToTextChunkResponseModel)
        assert answer.text == "Null transcript."
        if answer.transcription_id is not None:
            shown = await client.speech_to_text.transcripts.get(answer.transcription_id)
            assert shown.text == answer.text
            await client.speech_to_text.transcripts.delete(answer.transcription_id)
        assert (answer.transcription_id is not None) is is_kept


@pytest.mark.parametrize("is_kept", MODES)
def test_channels_are_told_apart_by_shape(client: elevenlabs.ElevenLabs, is_kept: bool) -> None:
    for style, kind in (
        ("separate", elevenlabs.MultichannelSpeechToTextResponseModel),
        ("combined", elevenlabs.SpeechToTextChunkResponseModel),
    ):
        answer = client.speech_to_text.convert(
            model_id="scribe_v1", file=recording(2.0, 2), use_multi_channel=True, enable_logging=is_kept,
            multichannel_output_style=style,
        )  # fmt: skip
        assert isinstance(answer, kind)
        if isinstance(answer, elevenlabs.MultichannelSpeechToTextResponseModel):
            assert [one.text for one in answer.transcripts] == ["Null transcript."] * 2
            assert [one.channel_index for one in answer.transcripts] == [0, 1]
        else:
            assert answer.text == "Null Null transcript. transcript."


FORMATS = ["srt", "txt", "html", "segmented_json", "docx", "pdf"]


@pytest.mark.parametrize("is_kept", MODES)
def test_a_transcript_comes_as_files_too(client: elevenlabs.ElevenLabs, is_kept: bool) -> None:
    answer = client.speech_to_text.convert(
        model_id="scribe_v1", file=recording(), enable_logging=is_kept, diarize=True, num_speakers=1,
        additional_formats=[{"format": name} for name in FORMATS],
    )  # fmt: skip
    assert isinstance(answer, elevenlabs.SpeechToTextChunkResponseModel)
    assert {word.speaker_id for word in answer.words} == {"speaker_0"}
    files = {file.requested_format: file for file in answer.additional_formats or () if file is not None}
    assert list(files) == FORMATS
    for name in ("srt", "txt", "html", "segmented_json"):
        assert "Null transcript." in files[name].content
        assert not files[name].is_base_64_encoded
    assert files["srt"].content.startswith("1\n00:00:00,000 --> ")
    assert base64.b64decode(files["pdf"].content).startswith(b"%PDF-")
    assert base64.b64decode(files["docx"].content).startswith(b"PK")


def test_members_of_the_three_shapes_are_never_mixed(server: RunningServer) -> None:
    single = transcription(server, "")[1]
    assert {"language_code", "language_probability", "text", "words", "transcription_id"} <= single.keys()
    assert not {"transcripts", "message"} & single.keys()
    separate = transcription(server, "?enable_logging=false", part("use_multi_channel", "true"))[1]
    assert separate.keys() == {"transcripts", "audio_duration_secs"}


def test_a_webhook_that_nobody_registered_is_refused(client: elevenlabs.ElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        client.speech_to_text.convert(model_id="scribe_v1", file=recording(), webhook=True)
    assert caught.value.status_code == 400
    assert caught.value.body["detail"]["code"] == "no_webhook_configured"


def test_addresses_are_not_fetched_unless_the_operator_allows_it(client: elevenlabs.ElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        client.speech_to_text.convert(model_id="scribe_v1", cloud_storage_url="https://canary.example/a.mp3")
    assert (caught.value.status_code, caught.value.body["detail"]["param"]) == (400, "cloud_storage_url")
    assert "canary" not in str(caught.value.body)


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_token_opens_one_transcription(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_pinned: bool
) -> None:
    made = server.request("POST", "/v1/single-use-token/batch_scribe", {"enable_logging": not is_pinned})
    token = json.loads(made[2])["token"]
    with httpx.Client(timeout=60) as connections:
        holder = elevenlabs.ElevenLabs(base_url=server.base_url, api_key="", httpx_client=connections)
        answer = holder.speech_to_text.convert(model_id="scribe_v1", file=recording(), token=token)
        assert isinstance(answer, elevenlabs.SpeechToTextChunkResponseModel)
        assert (answer.transcription_id is None) is is_pinned
        with pytest.raises(ApiError) as caught:
            holder.speech_to_text.convert(model_id="scribe_v1", file=recording(), token=token)
    assert caught.value.status_code == 401


# --- another API's names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_kept", MODES)
def test_the_other_api_speaks_and_hears_with_the_same_switch(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    before = len(history(server))
    query = "" if is_kept else "?enable_logging=false"
    mode = "default" if is_kept else "zero"
    bearer = {"authorization": f"Bearer {server.api_key}"}
    status, headers, audio = server.request(
        "POST", f"/v1/audio/speech{query}",
        {"model": "tts-1", "voice": "nova", "input": "Hello there.", "response_format": "wav"},
        headers=bearer, key=None,
    )  # fmt: skip
    assert (status, headers["x-echoless-retention"], headers["content-type"]) == (200, mode, "audio/wav")
    assert len(history(server)) - before == int(is_kept)
    for name, beginning in (("json", b"{"), ("text", b"Null"), ("srt", b"1\n"), ("vtt", b"WEBVTT")):
        body = form(part("model", "whisper-1"), part("response_format", name), part("file", audio, "a.wav"))
        status, headers, answer = server.request(
            "POST", f"/v1/audio/transcriptions{query}", body, headers=bearer | {"content-type": CONTENT_TYPE},
            key=None,
        )  # fmt: skip
        assert (status, headers["x-echoless-retention"]) == (200, mode)
        assert answer.startswith(beginning)
        assert b"Null transcript." in answer
    kept_id = headers.get("x-echoless-transcription-id")
    assert (kept_id is not None) is is_kept
    if kept_id is not None:
        assert client.speech_to_text.transcripts.get(kept_id).text == "Null transcript."
        client.speech_to_text.transcripts.delete(kept_id)


# --- clients that leave, processes that die ---------------------------------------------------------------------


def upload_head(server: RunningServer, path: str, length: int) -> bytes:
    head = request_bytes("POST", path, f"content-length: {length}", key=server.api_key)
    return head.replace(b"content-type: application/json", f"content-type: {CONTENT_TYPE}".encode())


@pytest.mark.parametrize("query", ["", "?enable_logging=false"])
def test_a_client_that_leaves_in_its_upload_leaves_nothing_behind(
    client: elevenlabs.ElevenLabs, server: RunningServer, query: str
) -> None:
    before = len(history(server))
    for path, model, field in (
        (f"/v1/speech-to-speech/{VOICE}?enable_logging=false", "eleven_english_sts_v2", "audio"),
        (f"{PATH}{query}", "scribe_v1", "file"),
    ):
        body = form(part("model_id", model), part("seed", "1"), part(field, recording(30), "a"))
        with raw_connection(server.base_url) as connection:
            connection.send(upload_head(server, path, len(body)) + body[: len(body) // 2])
            time.sleep(0.1)
    answer = client.speech_to_text.convert(model_id="scribe_v1", file=recording(), enable_logging=False)
    assert isinstance(answer, elevenlabs.SpeechToTextChunkResponseModel)
    assert len(history(server)) == before


def test_a_large_upload_is_taken_while_its_answer_waits(server: RunningServer) -> None:
    """A client that sends everything before it reads must not wait for one that waits for it."""
    sound = recording(120, 2)
    body = form(part("seed", "1"), part("audio", sound, "a"))
    path = f"/v1/speech-to-speech/{VOICE}/stream?enable_logging=false&output_format=pcm_48000"
    with raw_connection(server.base_url, timeout_s=60, receive_buffer_bytes=16_384) as connection:
        connection.send(upload_head(server, path, len(body)) + body)
        answer = connection.answer()
    assert answer is not None
    assert (answer.status, answer.is_whole) == (200, True)
    assert length_s_of(answer.body, 48_000) == pytest.approx(120, rel=0.01)


def test_a_media_process_that_is_killed_costs_one_request(
    client: elevenlabs.ElevenLabs, server: RunningServer
) -> None:
    body = form(part("model_id", "scribe_v1"), part("diarize", "false"), part("file", recording(30), "a"))
    with raw_connection(server.base_url) as connection:
        connection.send(upload_head(server, PATH, len(body)) + body[: len(body) // 2])
        time.sleep(0.3)
        for pid in server.pids()["media"]:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        with contextlib.suppress(ConnectionError):
            connection.send(body[len(body) // 2 :])
        answer: RawAnswer | None = connection.answer()
    assert answer is not None
    assert (answer.status, answer.code) == (503, "engine_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    # One that comes while the process is being replaced waits a little: the client would lose the fields of a form
    # that it had to send again.
    again = client.speech_to_text.convert(model_id="scribe_v1", file=recording(), enable_logging=False)
    assert isinstance(again, elevenlabs.SpeechToTextChunkResponseModel)
