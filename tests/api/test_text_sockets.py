"""The text sockets of a running server, in both modes."""

from __future__ import annotations

import asyncio
import io
import json
import time
from typing import Any

import av
import pytest
import websockets

from tests.api.text_sockets import END, INIT, VOICE, Heard, audio_of, open_socket, rest_of, send, talk
from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]

ZERO = "enable_logging=false"
TEXT = "Hello there, my friend. How are you doing today? "


def history(server: RunningServer) -> list[dict[str, Any]]:
    status, _headers, body = server.request("GET", "/v1/history?page_size=1000")
    assert status == 200
    items: list[dict[str, Any]] = json.loads(body)["history"]
    return items


def seconds_of(audio: bytes) -> float:
    with av.open(io.BytesIO(audio)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def assert_served(heard: Heard, mode: str) -> None:
    assert heard.close_code == 1000
    assert heard.messages[-1]["isFinal"] is True
    assert heard.headers["x-echoless-retention"] == mode
    assert heard.headers["request-id"]
    assert heard.headers["cache-control"] == "no-store"


@pytest.mark.claim("Z15")
def test_a_kept_stream_is_one_item_with_all_its_text_and_audio(server: RunningServer) -> None:
    before = {item["history_item_id"] for item in history(server)}
    heard = talk(server, "", INIT, {"text": TEXT, "flush": True}, {"text": "Bye. "}, END)
    assert_served(heard, "default")
    (item,) = [item for item in history(server) if item["history_item_id"] not in before]
    assert item["text"] == heard.text == TEXT + "Bye. "
    assert item["request_id"] == heard.headers["request-id"]
    status, _headers, audio = server.request("GET", f"/v1/history/{item['history_item_id']}/audio")
    assert (status, audio) == (200, heard.audio)


@pytest.mark.claim("Z9")
@pytest.mark.seed("S8")
def test_a_zero_stream_leaves_nothing_and_is_counted(server: RunningServer) -> None:
    before = history(server)
    heard = talk(server, ZERO, INIT, {"text": TEXT, "flush": True}, END)
    assert_served(heard, "zero")
    assert heard.text == TEXT
    assert history(server) == before
    status, _headers, body = server.request("POST", "/v1/workspace/analytics/requests", {})
    assert status == 200
    assert heard.headers["request-id"] in body.decode()


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "mp3_22050_32", "opus_48000_64"])
def test_all_audio_of_a_stream_is_one_valid_file(server: RunningServer, output_format: str) -> None:
    messages = [{"text": TEXT, "flush": True}, {"text": TEXT}, {"text": "And the end. "}]
    heard = talk(server, f"{ZERO}&output_format={output_format}", INIT, *messages, END)
    pcm = talk(server, f"{ZERO}&output_format=pcm_22050", INIT, *messages, END)
    assert abs(seconds_of(heard.audio) - len(pcm.audio) / 2 / 22050) < 0.3


@pytest.mark.parametrize(
    "output_format", ["mp3_44100_128", "mp3_22050_32", "mp3_24000_48", "opus_48000_32", "pcm_44100", "ulaw_8000"]
)
def test_a_flush_brings_out_everything_that_was_said(server: RunningServer, output_format: str) -> None:
    """Nobody waits for a last syllable that an encoder holds back."""
    with open_socket(server, f"{ZERO}&output_format={output_format}") as opened:
        send(opened, INIT, {"text": TEXT, "flush": True})
        messages: list[dict[str, Any]] = []
        while True:
            try:
                messages.append(json.loads(opened.recv(5 if not messages else 0.7)))
            except TimeoutError:
                break
        send(opened, END)
        rest_of(opened)
    times = [message["alignment"] for message in messages if message["alignment"]]
    spoken_s = sum(part["charStartTimesMs"][-1] + part["charDurationsMs"][-1] for part in times) / 1000
    audio = audio_of(messages)
    if output_format.startswith(("mp3", "opus")):
        heard_s = seconds_of(audio)
    else:
        heard_s = len(audio) / (88200 if output_format == "pcm_44100" else 8000)
    assert heard_s >= spoken_s > 2


def test_times_come_with_the_audio_they_belong_to_when_asked(server: RunningServer) -> None:
    heard = talk(server, f"{ZERO}&sync_alignment=true&auto_mode=true", INIT, {"text": TEXT}, END)
    assert heard.messages[0]["alignment"]["chars"][0] == "H"
    assert heard.messages[0]["normalizedAlignment"]["charStartTimesMs"][0] >= 0


def test_numbers_are_spelled_out_in_the_normalized_times_only(server: RunningServer) -> None:
    heard = talk(server, ZERO, INIT, {"text": "It is 42. "}, END)
    assert heard.text == "It is 42. "
    spoken = "".join("".join((m.get("normalizedAlignment") or {"chars": []})["chars"]) for m in heard.messages)
    assert "forty" in spoken


def test_markup_is_obeyed_only_when_asked(server: RunningServer) -> None:
    text = 'Wait. <break time="2s"/> Go on. '
    parsed = talk(server, f"{ZERO}&output_format=pcm_22050&enable_ssml_parsing=true", INIT, {"text": text}, END)
    plain = talk(server, f"{ZERO}&output_format=pcm_22050", INIT, {"text": text}, END)
    assert parsed.text == plain.text == text
    silence = bytes(2 * 22050)
    assert silence in parsed.audio
    assert silence not in plain.audio


def test_contexts_interleave_and_each_ends_in_a_final_message_and_an_item(server: RunningServer) -> None:
    before = {item["history_item_id"] for item in history(server)}
    names = ["a", "b", "c"]
    opened = [INIT | {"context_id": name} for name in names]
    said = [{"text": f"This is {name}. ", "contextId": name, "flush": True} for name in names]
    heard = talk(
        server, "", *opened, *said, {"context_id": "a", "close_context": True}, {"close_socket": True},
        name="multi-stream-input",
    )  # fmt: skip
    assert heard.close_code == 1000
    for name in names:
        mine = heard.of(name)
        assert mine[-1]["isFinal"] is mine[-1]["is_final"] is True
        assert [message["isFinal"] for message in mine[:-1]] == [None] * (len(mine) - 1)
        assert len(audio_of(mine)) > 4000
    items = [item for item in history(server) if item["history_item_id"] not in before]
    assert sorted(item["text"] for item in items) == [f"This is {name}. " for name in names]
    assert {item["request_id"] for item in items} == {heard.headers["request-id"]}


def test_a_context_name_may_be_used_again_and_a_sixth_context_is_refused(server: RunningServer) -> None:
    again = [INIT | {"context_id": "a"}, {"text": "One. ", "context_id": "a", "flush": True}]
    close = {"context_id": "a", "close_context": True}
    heard = talk(server, ZERO, *again, close, *again, close, {"close_socket": True}, name="multi-stream-input")
    finals = [index for index, message in enumerate(heard.messages) if message["isFinal"]]
    assert len(finals) == 2
    assert min(len(audio_of(heard.messages[: finals[0]])), len(audio_of(heard.messages[finals[0] :]))) > 4000
    six = [INIT | {"context_id": str(number)} for number in range(6)]
    heard = talk(server, ZERO, *six, name="multi-stream-input")
    assert (heard.error, heard.close_code) == ("max_active_conversations", 1008)


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("query", "messages", "error"),
    [
        ("", ["no json, qzxwords"], "invalid_message"),
        ("", [b"binary qzxwords"], "invalid_message"),
        ("", [{"text": "qzxwords"}], "invalid_message"),
        ("", [{"try_trigger_generation": True}], "invalid_message"),
        ("", [INIT, {"text": "x", "voice_settings": {"speed": 0.8}}], "invalid_message"),
        ("", [INIT | {"voice_settings": {"speed": 3}}], "invalid_message"),
        ("", [INIT | {"enableLogging": "qzxwords"}], "invalid_message"),
        ("", [INIT, {"text": "qzxwords " * 2000}], "max_character_limit_exceeded"),
        ("output_format=wav_44100", [], "invalid_message"),
        ("enable_logging=perhaps", [], "invalid_message"),
        ("enable_logging=true&enable_logging=false", [], "invalid_message"),
        ("model_id=eleven_v3", [], "model_not_supported"),
        ("model_id=qzxwords", [], "model_not_found"),
        ("inactivity_timeout=1", [INIT], "input_timeout_exceeded"),
    ],
)
def test_what_is_wrong_gets_a_frame_and_a_close_and_is_not_echoed(
    server: RunningServer, query: str, messages: list[Any], error: str
) -> None:
    heard = talk(server, query, *messages)
    assert (heard.error, heard.close_code, heard.messages[-1]["code"]) == (error, 1008, 1008)
    assert "qzxwords" not in json.dumps(heard.messages)
    assert heard.headers["x-echoless-retention"] == ("zero" if "enable_logging" in query else "default")


def test_who_is_not_known_or_asks_for_no_voice_is_told_so_in_a_frame(server: RunningServer) -> None:
    assert talk(server, "", key="sk_nobody").error == "invalid_api_key"
    assert talk(server, "", INIT, key=None).error == "invalid_api_key"
    assert talk(server, "", INIT | {"xi_api_key": "sk_nobody"}, key=None).error == "invalid_api_key"
    assert talk(server, "", voice="nobody").error == "voice_not_found"
    assert talk(server, "single_use_token=sutkn_nobody", key=None).error == "invalid_token"


@pytest.mark.parametrize("spelling", ["xi-api-key", "xi_api_key", "authorization"])
def test_a_key_may_come_in_the_first_message(server: RunningServer, spelling: str) -> None:
    first = INIT | {spelling: server.api_key}
    assert_served(talk(server, ZERO, first, {"text": "Hi. "}, END, key=None), "zero")


def test_a_key_may_come_in_the_query_and_is_logged_nowhere(server: RunningServer) -> None:
    heard = talk(server, f"{ZERO}&authorization=Bearer%20{server.api_key}", INIT, {"text": "Hi. "}, END, key=None)
    assert_served(heard, "zero")
    assert server.api_key not in server.output()


@pytest.mark.claim("Z3")
def test_a_token_opens_one_socket_and_may_pin_it_to_zero(server: RunningServer) -> None:
    before = history(server)
    for body, query in (({"enable_logging": False}, "enable_logging=true&"), ({}, f"{ZERO}&"), (None, f"{ZERO}&")):
        status, _headers, answer = server.request("POST", "/v1/single-use-token/tts_websocket", body)
        assert status == 200
        query += f"single_use_token={json.loads(answer)['token']}"
        assert_served(talk(server, query, INIT, {"text": "Hi. "}, END, key=None), "zero")
        again = talk(server, query, key=None)
        assert (again.error, again.close_code) == ("invalid_token", 1008)
    assert history(server) == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [("nonsense", {}), ("tts_websocket", {"enable_logging": "x"}), ("batch_scribe", {"zeroRetention": 1})],
)
def test_a_token_that_would_not_be_what_was_meant_is_refused(
    server: RunningServer, kind: str, body: dict[str, Any]
) -> None:
    assert server.request("POST", f"/v1/single-use-token/{kind}", body)[0] == 422


def test_a_token_is_no_key_and_opens_no_request(server: RunningServer) -> None:
    _status, _headers, answer = server.request("POST", "/v1/single-use-token/tts_websocket", {})
    token = json.loads(answer)["token"]
    assert server.request("GET", "/v1/models", key=token)[0] == 401
    assert talk(server, "", key=token).error == "invalid_api_key"


def test_a_frame_that_is_too_big_closes_with_1009(server: RunningServer) -> None:
    heard = talk(server, ZERO, INIT, json.dumps({"text": "x" * 9_000_000}))
    assert (heard.close_code, heard.messages) == (1009, [])


def test_nothing_is_at_an_unknown_address_and_a_product_that_is_not_there_says_so(server: RunningServer) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
        open_socket(server, name="nothing-here")
    assert caught.value.response.status_code == 404
    assert server.request("GET", f"/v1/text-to-speech/{VOICE}/stream-input")[0] in {404, 405}


@pytest.mark.claim("Z11")
def test_what_a_client_heard_before_it_vanished_is_kept(server: RunningServer) -> None:
    before = {item["history_item_id"] for item in history(server)}
    with open_socket(server) as opened:
        send(opened, INIT, {"text": "Gone in the middle. " * 100, "flush": True})
        opened.recv(10)
        opened.socket.close()
    deadline_s = time.monotonic() + 5
    while not (new := [item for item in history(server) if item["history_item_id"] not in before]):
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    assert new[0]["text"] == "Gone in the middle. " * 100


IDLE, SPEAKING = 500, 50


@pytest.mark.anyio
async def test_500_idle_sockets_and_50_speaking_ones_lose_nothing(server: RunningServer) -> None:
    """One socket that idles costs no engine; and it counts for no limit of concurrent requests."""
    address = server.base_url.replace("http", "ws", 1)
    headers = {"xi-api-key": server.api_key}

    async def opened(name: str) -> websockets.ClientConnection:
        path = f"/v1/text-to-speech/{VOICE}/{name}?{ZERO}&output_format=mp3_22050_32&inactivity_timeout=180"
        return await websockets.connect(
            address + path, additional_headers=headers, open_timeout=60, ping_interval=None, close_timeout=5
        )

    async def speak(number: int) -> str:
        async with await opened("stream-input") as socket:
            await socket.send(json.dumps(INIT))
            for word in f"This is number {number}, and it says quite a lot. ".split(" "):
                await socket.send(json.dumps({"text": word + " ", "try_trigger_generation": True}))
            await socket.send(json.dumps(END))
            messages = [json.loads(text) async for text in socket]
        assert messages[-1]["isFinal"] is True
        assert len(audio_of(messages)) > 4000
        return Heard({}, messages).text.strip()

    async with asyncio.timeout(120):
        idle = []
        for _ in range(IDLE // 50):
            idle += await asyncio.gather(*(opened("stream-input") for _ in range(50)))
        for socket in idle:
            await socket.send(json.dumps(INIT))
        said = await asyncio.gather(*(speak(number) for number in range(SPEAKING)))
        assert said == [f"This is number {number}, and it says quite a lot." for number in range(SPEAKING)]
        for socket in idle:
            assert socket.state is websockets.protocol.State.OPEN
        await idle[0].send(json.dumps({"text": "Still here. ", "flush": True}))
        assert json.loads(await idle[0].recv())["audio"]
        await asyncio.gather(*(socket.close() for socket in idle))


@pytest.mark.parametrize("kind", ["stream-input", "multi-stream-input"])
@pytest.mark.parametrize("query", ["", "enable_logging=false"])
def test_a_dictionary_named_in_the_first_message_shapes_what_is_said(
    server: RunningServer, kind: str, query: str
) -> None:
    """A dictionary is configuration: a zero-retention socket may use one."""
    rules = [
        {"type": "alias", "string_to_replace": "xkzq", "alias": "a rather long way of saying it, in many words"}
    ]
    made = server.request("POST", "/v1/pronunciation-dictionaries/add-from-rules", {"name": "d", "rules": rules})
    dictionary = json.loads(made[2])
    locator = {"pronunciation_dictionary_id": dictionary["id"], "version_id": dictionary["version_id"]}
    spoken = [
        talk(
            server, f"{query}&output_format=pcm_16000", {"text": " ", **first},
            {"text": "Say xkzq now. ", "flush": True},
            {"close_socket": True} if kind == "multi-stream-input" else {"text": ""}, name=kind,
        )
        for first in ({}, {"pronunciation_dictionary_locators": [locator]})
    ]  # fmt: skip
    assert len(spoken[1].audio) > len(spoken[0].audio) + 16000


def test_a_dictionary_that_is_not_there_is_said_in_a_frame(server: RunningServer) -> None:
    locator = {"pronunciation_dictionary_id": "A" * 20, "version_id": "B" * 20}
    heard = talk(server, "", {"text": " ", "pronunciation_dictionary_locators": [locator]})
    assert heard.close_code == 1008
    assert "dictionary" in heard.error
