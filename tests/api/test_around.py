"""What lies around speech, on a running server: previews, history as files, settings that stay."""

from __future__ import annotations

import io
import json
import wave
import zipfile

import pytest

from tests.fakes.running_server import RunningServer

pytestmark = pytest.mark.api
VOICE_ID = "21m00Tcm4TlvDq8ikWAM"
SPEECH = f"/v1/text-to-speech/{VOICE_ID}"


def speak(server: RunningServer, query: str = "") -> tuple[dict[str, str], bytes]:
    status, headers, audio = server.request("POST", SPEECH + query, {"text": "Good morning to all of you."})
    assert status == 200, audio
    return headers, audio


def test_each_listed_preview_plays_without_a_key(server: RunningServer) -> None:
    _, _, listed = server.request("GET", "/v2/voices?page_size=3&sort=name")
    for voice in json.loads(listed)["voices"]:
        path = voice["preview_url"].removeprefix(server.base_url)
        status, headers, audio = server.request("GET", path, key=None)
        assert (status, headers["content-type"]) == (200, "audio/mpeg")
        assert len(audio) > 10_000


@pytest.mark.claim("Z11")
@pytest.mark.parametrize("name", ["mp3_44100_128", "pcm_22050", "wav_22050", "ulaw_8000", "opus_48000_64"])
@pytest.mark.seed("S1")
def test_kept_audio_is_what_the_client_got(server: RunningServer, name: str) -> None:
    headers, audio = speak(server, f"?output_format={name}")
    status, kept_headers, kept = server.request("GET", f"/v1/history/{headers['history-item-id']}/audio")
    assert (status, kept) == (200, audio)
    assert kept_headers["content-type"] == headers["content-type"]


def test_several_items_download_as_one_zip(server: RunningServer) -> None:
    made = {headers["history-item-id"]: audio for headers, audio in (speak(server), speak(server))}
    status, headers, data = server.request("POST", "/v1/history/download", {"history_item_ids": list(made)})
    assert (status, headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name.removesuffix(".mp3"): archive.read(name) for name in archive.namelist()} == made


def test_pcm_downloads_as_a_wav_file(server: RunningServer) -> None:
    headers, audio = speak(server, "?output_format=pcm_16000")
    body = {"history_item_ids": [headers["history-item-id"]], "output_format": "wav"}
    status, _, data = server.request("POST", "/v1/history/download", body)
    assert status == 200
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.readframes(file.getnframes())) == (16000, audio)


@pytest.mark.claim("Z12")
def test_deleted_item_is_gone_at_once(server: RunningServer) -> None:
    headers, _ = speak(server)
    path = f"/v1/history/{headers['history-item-id']}"
    assert server.request("DELETE", path)[0] == 200
    assert server.request("DELETE", path)[0] == 404
    assert server.request("GET", path)[0] == 404
    assert server.request("GET", f"{path}/audio")[0] == 404


@pytest.mark.claim("Z9")
@pytest.mark.seed("S17")
def test_zero_request_counts_and_is_in_the_log_but_not_in_the_history(server: RunningServer) -> None:
    """C12: counters still move."""
    before = json.loads(server.request("GET", "/v1/user")[2])["subscription"]["character_count"]
    headers, _ = speak(server, "?enable_logging=false")
    assert headers["x-echoless-retention"] == "zero"
    after = json.loads(server.request("GET", "/v1/user")[2])["subscription"]["character_count"]
    assert after - before == int(headers["character-cost"]) > 0
    table = json.loads(server.request("POST", "/v1/workspace/analytics/requests", {"limit": 50})[2])
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    (row,) = [row for row in rows if row["request_id"] == headers["request-id"]]
    assert (row["retention"], row["status_code"]) == ("zero", 200)
    listed = json.loads(server.request("GET", "/v1/history?page_size=1000")[2])["history"]
    assert headers["request-id"] not in {item["request_id"] for item in listed}


def test_stored_settings_stay_and_reset(server: RunningServer) -> None:
    path = f"/v1/voices/{VOICE_ID}/settings"
    before = json.loads(server.request("GET", path)[2])
    assert server.request("POST", f"{path}/edit", {"speed": 1.3})[0] == 200
    assert json.loads(server.request("GET", path)[2]) == before | {"speed": 1.3}
    assert server.request("POST", f"{path}/edit", before)[0] == 200
    assert json.loads(server.request("GET", path)[2]) == before


def test_ids_of_earlier_requests_are_known_only_where_they_were_kept(server: RunningServer) -> None:
    """C13: a zero-retention id answers as one that never was."""
    kept, _ = speak(server)
    zero, _ = speak(server, "?enable_logging=false")
    answers = {}
    for name, request_id in (("kept", kept["request-id"]), ("zero", zero["request-id"]), ("none", "0" * 32)):
        body = {"text": "And more.", "previous_request_ids": [request_id]}
        status, _, data = server.request("POST", SPEECH, body)
        detail = json.loads(data)["detail"] | {"request_id": ""} if status != 200 else {}
        answers[name] = (status, detail)
    assert answers["kept"][0] == 200
    assert answers["zero"] == answers["none"]
    assert answers["zero"][0] == 400


def test_the_settings_of_a_voice_are_edited_and_an_unknown_voice_is_not_found(server: RunningServer) -> None:
    settings = {"stability": 0.25, "speed": 1.5}
    path = "/v1/voices/{}/settings/edit"
    assert server.request("POST", path.format("JBFqnCBsd6RMkjVDRZzb"), settings)[0] == 200
    assert server.request("POST", path.format("nobody"), settings)[0] == 404
    status, _, body = server.request("GET", "/v1/voices/JBFqnCBsd6RMkjVDRZzb/settings")
    assert (status, json.loads(body)["speed"]) == (200, 1.5)
    default = {"stability": 0.5, "speed": 1.0}
    assert server.request("POST", path.format("JBFqnCBsd6RMkjVDRZzb"), default)[0] == 200
