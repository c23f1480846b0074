"""The sockets of dialogue of a running server, in both modes."""

from __future__ import annotations

import io
import json
from typing import Any

import av
import pytest

from tests.api.text_sockets import Heard, audio_of, open_at, rest_of, send, talk_at
from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]

GEORGE, RACHEL = "JBFqnCBsd6RMkjVDRZzb", "21m00Tcm4TlvDq8ikWAM"
STREAM, MULTI = "/v1/text-to-dialogue/stream-input", "/v1/text-to-dialogue/multi-stream-input"
TWO: dict[str, Any] = {"voices": [GEORGE, RACHEL]}
MANY = "model_id=eleven_v3"
ZERO = "enable_logging=false"
END: dict[str, Any] = {"close_socket": True}


def line(text: str, voice_id: str = GEORGE, **more: Any) -> dict[str, Any]:
    return {"text": text, "voice_id": voice_id, **more}


def items(server: RunningServer) -> list[dict[str, Any]]:
    status, _headers, body = server.request("GET", "/v1/history?page_size=1000")
    assert status == 200
    found: list[dict[str, Any]] = json.loads(body)["history"]
    return found


def seconds_of(audio: bytes) -> float:
    with av.open(io.BytesIO(audio)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def story(heard: Heard) -> str:
    """Audio, ends of turns and the end, as letters; repeats of audio as one."""
    letters = ["a" if "audio" in m else "t" if m.get("is_final_audio_for_turn") else "f" for m in heard.messages]
    return "".join(
        letter for index, letter in enumerate(letters) if letter != "a" or letters[index - 1 : index] != ["a"]
    )


@pytest.mark.claim("Z15")
@pytest.mark.parametrize("output_format", ["mp3_44100_128", "opus_48000_64", "pcm_16000"])
def test_each_turn_of_a_kept_dialogue_is_an_item_under_one_request(
    server: RunningServer, output_format: str
) -> None:
    before = {item["history_item_id"] for item in items(server)}
    said = [line("Is anybody there?"), line("[whispers] Only me.", RACHEL), line("Who is that?", new_turn=True)]
    heard = talk_at(server, f"{STREAM}?{MANY}&output_format={output_format}", TWO, {"inputs": said}, END)
    assert (heard.close_code, story(heard)) == (1000, "atatatf")
    assert heard.headers["x-echoless-retention"] == "default"
    mine = [item for item in items(server) if item["history_item_id"] not in before]
    assert [item["dialogue"][0]["text"] for item in reversed(mine)] == [each["text"] for each in said]
    assert {item["request_id"] for item in mine} == {heard.headers["request-id"]}
    kept = []
    for item in reversed(mine):
        status, _, audio = server.request("GET", f"/v1/history/{item['history_item_id']}/audio")
        assert status == 200
        heard_s = len(audio) / 32000 if output_format == "pcm_16000" else seconds_of(audio)
        assert heard_s > 0.5
        kept.append(audio)
    if not output_format.startswith("opus"):
        # In Ogg each part has the head of the stream before it.
        assert b"".join(kept) == heard.audio


@pytest.mark.claim("Z9")
@pytest.mark.seed("S3.4")
def test_a_zero_dialogue_leaves_nothing(server: RunningServer) -> None:
    before = items(server)
    heard = talk_at(server, f"{STREAM}?{ZERO}", {"voices": [GEORGE], "inputs": [line("Hush now, my dear.")]}, END)
    assert (heard.close_code, story(heard)) == (1000, "atf")
    assert heard.headers["x-echoless-retention"] == "zero"
    assert len(heard.audio) > 10_000
    assert items(server) == before
    status, _headers, body = server.request("POST", "/v1/workspace/analytics/requests", {})
    assert status == 200
    assert heard.headers["request-id"] in body.decode()


@pytest.mark.parametrize("output_format", ["mp3_22050_32", "opus_48000_32"])
def test_all_audio_of_a_socket_is_one_valid_file(server: RunningServer, output_format: str) -> None:
    said = [{"inputs": [line("One for the money."), line("Two for the show.", RACHEL)], "flush": True}] * 2
    heard = talk_at(server, f"{STREAM}?{ZERO}&{MANY}&output_format={output_format}", TWO, *said, END)
    pcm = talk_at(server, f"{STREAM}?{ZERO}&{MANY}&output_format=pcm_22050", TWO, *said, END)
    assert abs(seconds_of(heard.audio) - len(pcm.audio) / 44100) < 0.9


def test_times_added_up_and_bytes_counted_lead_to_the_same_place(server: RunningServer) -> None:
    target = f"{STREAM}?{ZERO}&{MANY}&sync_alignment=true&output_format=pcm_16000"
    said = [line("Is anybody there? I am not so sure of that."), line("Only me, as ever.", RACHEL)]
    heard = talk_at(server, target, TWO, {"inputs": said, "flush": True}, {"inputs": [line("Good. ")]}, END)
    added_s = sent_s = 0.0
    text = ""
    for message in heard.messages:
        alignment = message.get("alignment")
        if alignment:
            # A client that counts bytes begins here, one that adds up where the last character ended. What the
            # resampler still holds lies between.
            assert abs(sent_s - added_s) < 0.06
            added_s += (alignment["char_start_times_ms"][-1] + alignment["char_durations_ms"][-1]) / 1000
            text += "".join(alignment["chars"])
        sent_s += len(audio_of([message])) / 32000
    assert text == "".join(each["text"] for each in said) + "Good. "


def test_contexts_are_independent(server: RunningServer) -> None:
    said = [{"voices": [GEORGE], "context_id": name, "inputs": [line(f"Context {name}.")]} for name in "ab"]
    heard = talk_at(server, f"{MULTI}?{ZERO}", *said, {"context_id": "a", "close_context": True}, END)
    assert heard.close_code == 1000
    for name in "ab":
        mine = [message for message in heard.messages if message.get("context_id") == name]
        assert mine[-1] == {"is_final": True, "context_id": name}
        assert audio_of(mine)


def test_a_dialogue_goes_on_after_a_flush_and_survives_signs_of_life(server: RunningServer) -> None:
    with open_at(server, f"{STREAM}?{ZERO}") as opened:
        send(opened, {"voices": [GEORGE]}, {"keep_alive": True}, {"inputs": [line("First.")], "flush": True})
        while "is_final_audio_for_turn" not in json.loads(opened.recv(10)):
            pass
        send(opened, {"inputs": [line("Second.")], "flush": True}, END)
        assert story(rest_of(opened)) == "atf"


@pytest.mark.parametrize(
    ("target", "messages", "error", "param"),
    [
        (STREAM, [{"inputs": [line("x")]}], "invalid_message", "voices"),
        (STREAM, [TWO], "invalid_message", "voices"),
        (f"{STREAM}?{MANY}", [TWO, TWO], "invalid_message", "voices"),
        (f"{STREAM}?{MANY}", [TWO, {"inputs": [line("x", "nobody")]}], "invalid_message", "inputs.0.voice_id"),
        (STREAM, [{"voices": ["nobodynobodynobodyno"]}], "voice_not_found", "voices.0"),
        (f"{MULTI}?{MANY}", [{**TWO, "context_id": str(n)} for n in range(6)], "max_active_conversations", None),
    ],
)
def test_what_does_not_fit_is_named(
    server: RunningServer, target: str, messages: list[Any], error: str, param: str | None
) -> None:
    heard = talk_at(server, target, *messages)
    assert (heard.error, heard.close_code) == (error, 1008)
    assert heard.messages[-1].get("param") == param


def test_a_frame_of_nine_megabytes_is_too_big(server: RunningServer) -> None:
    heard = talk_at(server, f"{STREAM}?{ZERO}", {"voices": [GEORGE]}, "x" * 9_000_000)
    assert heard.close_code == 1009


def test_nobody_is_let_in_without_a_credential(server: RunningServer) -> None:
    heard = talk_at(server, STREAM, {"voices": [GEORGE]}, key=None)
    assert (heard.error, heard.close_code) == ("authentication_required", 1008)
    first = {"voices": [GEORGE], "xi_api_key": server.api_key, "inputs": [line("Hello.")]}
    assert talk_at(server, f"{STREAM}?{ZERO}", first, END, key=None).close_code == 1000
    status, _, body = server.request("POST", "/v1/single-use-token/tts_websocket", {"enable_logging": False})
    assert status == 200
    target = f"{STREAM}?single_use_token={json.loads(body)['token']}"
    heard = talk_at(server, target, {"voices": [GEORGE], "inputs": [line("Hello.")]}, END, key=None)
    assert (heard.close_code, heard.headers["x-echoless-retention"]) == (1000, "zero")
