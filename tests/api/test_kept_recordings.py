"""What is kept of recordings and transcripts, from outside: listed, heard, deleted, and never of zero retention."""

from __future__ import annotations

import json
from collections.abc import Iterator

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer

pytestmark = pytest.mark.api
VOICE = "JBFqnCBsd6RMkjVDRZzb"
STS, STT = "voice_changer", "speech_to_text"


@pytest.fixture
def client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


@pytest.fixture(scope="module")
def recording(server: RunningServer) -> bytes:
    """Speech as a client would upload it, said by this server itself without a trace."""
    path = f"/v1/text-to-speech/{VOICE}?output_format=mp3_44100_128&enable_logging=false"
    status, _, audio = server.request("POST", path, {"text": "Please send the parcel to the old harbour tomorrow."})
    assert status == 200
    return audio


def answer(server: RunningServer, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    status, _, data = server.request(method, path, body)
    return status, data


def history(server: RunningServer) -> list[dict[str, object]]:
    status, data = answer(server, "GET", "/v1/history?page_size=1000")
    assert status == 200
    found: list[dict[str, object]] = json.loads(data)["history"]
    return found


def logged(server: RunningServer, product: str) -> list[dict[str, object]]:
    """Return rows of the request log of one product."""
    table = json.loads(answer(server, "POST", "/v1/workspace/analytics/requests", {"limit": 1000})[1])
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    return [row for row in rows if row["product_type"] == product]


def convert(client: elevenlabs.ElevenLabs, recording: bytes, *, is_logged: bool) -> None:
    audio = client.speech_to_speech.convert(VOICE, audio=("a.mp3", recording), enable_logging=is_logged)
    assert len(b"".join(audio)) > 1000


def test_what_the_voice_changer_was_given_is_kept_listed_heard_and_deleted(
    server: RunningServer, client: elevenlabs.ElevenLabs, recording: bytes
) -> None:
    before = {item["history_item_id"] for item in history(server)}
    convert(client, recording, is_logged=True)
    (item,) = [item for item in history(server) if item["history_item_id"] not in before]
    item_id = item["history_item_id"]
    assert (item["source"], item["model_id"]) == ("STS", "eleven_english_sts_v2")
    assert (item["input_audio_bytes"], item["input_audio_content_type"]) == (len(recording), "audio/mpeg")
    assert "parcel" not in str(item["text"])
    assert answer(server, "GET", f"/v1/history/{item_id}/input-audio") == (200, recording)
    assert len(b"".join(client.history.get_audio(str(item_id)))) > 1000
    assert answer(server, "DELETE", f"/v1/history/{item_id}")[0] == 200
    for path in ("", "/audio", "/input-audio"):
        assert answer(server, "GET", f"/v1/history/{item_id}{path}")[0] == 404


def test_a_transcript_is_kept_beside_the_history_and_deleted_once(
    server: RunningServer, client: elevenlabs.ElevenLabs, recording: bytes
) -> None:
    before = [item["history_item_id"] for item in history(server)]
    made = client.speech_to_text.convert(model_id="scribe_v1", file=("a.mp3", recording))
    transcript_id = made.transcription_id
    assert transcript_id
    path = f"/v1/speech-to-text/transcripts/{transcript_id}"
    assert [item["history_item_id"] for item in history(server)] == before
    kept = client.speech_to_text.transcripts.get(transcript_id)
    assert kept.text == made.text
    assert answer(server, "GET", f"{path}/input-audio") == (200, recording)
    for suffix in ("", "/audio", "/input-audio"):
        assert answer(server, "GET", f"/v1/history/{transcript_id}{suffix}")[0] == 404
    assert answer(server, "DELETE", f"/v1/history/{transcript_id}")[0] == 404
    client.speech_to_text.transcripts.delete(transcript_id)
    with pytest.raises(ApiError) as gone:
        client.speech_to_text.transcripts.delete(transcript_id)
    assert gone.value.status_code == 404
    for suffix in ("", "/input-audio"):
        status, data = answer(server, "GET", f"{path}{suffix}")
        assert (status, json.loads(data)["detail"]["code"]) == (404, "transcript_not_found")


@pytest.mark.claim("Z9")
@pytest.mark.seed("S3.6")
def test_zero_retention_leaves_a_row_of_numbers_and_nothing_else(
    server: RunningServer, client: elevenlabs.ElevenLabs, recording: bytes
) -> None:
    """C30, C48: the row has the columns of any request; nothing can be fetched afterwards."""
    before = history(server)
    rows_before = {product: len(logged(server, product)) for product in (STS, STT)}
    convert(client, recording, is_logged=False)
    made = client.speech_to_text.convert(model_id="scribe_v1", file=("a.mp3", recording), enable_logging=False)
    assert made.transcription_id is None
    assert history(server) == before
    for product in (STS, STT):
        newest, *_ = rows = logged(server, product)
        assert len(rows) == rows_before[product] + 1
        assert (newest["retention"], newest["status_code"], newest["characters"]) == ("zero", 200, 0)
        assert int(str(newest["audio_ms"])) > 1000
        assert answer(server, "GET", f"/v1/speech-to-text/transcripts/{newest['request_id']}")[0] == 404


def test_minutes_are_seen_in_the_usage(
    server: RunningServer, client: elevenlabs.ElevenLabs, recording: bytes
) -> None:
    client.speech_to_text.convert(model_id="scribe_v1", file=("a.mp3", recording), enable_logging=False)
    query = "start_unix=0&end_unix=4102444800000&aggregation_interval=cumulative&breakdown_type=product_type"
    path = f"/v1/usage/character-stats?{query}&metric="
    minutes, credits = (
        json.loads(answer(server, "GET", path + metric)[1])["usage"][STT][0]
        for metric in ("minutes_used", "credits")
    )
    assert 0 < minutes < 60
    assert credits >= minutes * 60 - 1
