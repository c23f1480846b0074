"""Live recognition of a running server, in both modes: by hand over TLS, and with the official Python client."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import ssl
import struct
import urllib.error
import urllib.request
import wave
from collections.abc import Iterator
from typing import Any

import elevenlabs
import pytest
from elevenlabs.realtime import AudioFormat, CommitStrategy, RealtimeEvents
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.api.text_sockets import open_at, send, talk_at
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]

LISTEN = "/v1/speech-to-text/realtime?model_id=scribe_v2_realtime"
LOUD = struct.pack("<16000h", *([8000, -8000] * 8000))
SPEECH_VARIABLE = "ECHOLESS_TEST_SPEECH"
COMMIT: dict[str, Any] = {"message_type": "commit"}


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that recognises fixed words, over TLS: the official client dials nothing else."""
    flags = ("--tls-self-signed", "--engines", "1", "--gateways", "1")
    variables = {"ECHOLESS_MEDIA_ENGINE": "null", "ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "1"}
    with running_server(tmp_path_factory.mktemp("live"), *flags, variables=variables) as running:
        certificate = str(running.data_directory / "tls" / "self-signed.crt")
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = certificate
        yield running
        os.environ.pop("SSL_CERT_FILE") if before is None else os.environ.update(SSL_CERT_FILE=before)


def chunk(audio: bytes, **more: Any) -> dict[str, Any]:
    return {"message_type": "input_audio_chunk", "audio_base_64": base64.b64encode(audio).decode(), **more}


def ask(server: RunningServer, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"xi-api-key": server.api_key, "content-type": "application/json"}
    request = urllib.request.Request(server.base_url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context()) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def until(opened: ClientConnection, kind: str) -> dict[str, Any]:
    while (message := json.loads(opened.recv(30)))["message_type"] != kind:
        pass
    found: dict[str, Any] = message
    return found


def heard(server: RunningServer, query: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """One session with a second of sound: how it began, and what was committed with its times."""
    with open_at(server, f"{LISTEN}&include_timestamps=true{query}") as opened:
        started = json.loads(opened.recv(10))
        send(opened, chunk(LOUD), COMMIT)
        return started, until(opened, "committed_transcript_with_timestamps")


@pytest.mark.claim("Z15")
def test_a_kept_session_can_be_fetched_and_deleted(fixed: RunningServer) -> None:
    started, committed = heard(fixed, "")
    assert started["config"]["enable_logging"] is True
    assert committed["text"]
    path = f"/v1/speech-to-text/transcripts/{started['session_id']}"
    status, transcript = _eventually(fixed, path)
    assert status == 200
    assert transcript["text"] == committed["text"]
    assert transcript["words"] == committed["words"]
    assert ask(fixed, "DELETE", path)[0] == 200
    assert ask(fixed, "GET", path)[0] == 404


@pytest.mark.claim("Z9")
@pytest.mark.seed("S3.8")
def test_a_zero_session_leaves_a_row_of_numbers(fixed: RunningServer) -> None:
    started, committed = heard(fixed, "&enable_logging=false&keyterms=echoless")
    assert started["config"]["enable_logging"] is False
    assert committed["text"]
    assert ask(fixed, "GET", f"/v1/speech-to-text/transcripts/{started['session_id']}")[0] == 404
    rows = json.dumps(ask(fixed, "POST", "/v1/workspace/analytics/requests", {})[1])
    assert started["session_id"] in rows
    assert committed["text"] not in rows
    assert "echoless" not in fixed.output().partition(" serves at ")[2]


def _eventually(server: RunningServer, path: str) -> tuple[int, dict[str, Any]]:
    """The client closes first, and waits for nothing: an item is there a moment later."""
    for _ in range(100):
        answer = ask(server, "GET", path)
        if answer[0] == 200:
            break
    return answer


def test_a_token_opens_one_session_and_may_pin_it_to_zero(fixed: RunningServer) -> None:
    status, minted = ask(fixed, "POST", "/v1/single-use-token/realtime_scribe", {"enable_logging": False})
    assert status == 200
    target = f"{LISTEN}&token={minted['token']}"
    with open_at(fixed, target, key=None) as opened:
        assert json.loads(opened.recv(10))["config"]["enable_logging"] is False
    again = talk_at(fixed, target, key=None)
    assert (again.messages[-1]["message_type"], again.close_code) == ("auth_error", 1008)


@pytest.mark.parametrize(
    ("query", "message", "kind", "close_code"),
    [
        ("&commit_strategy=sometimes", COMMIT, "invalid_request", 1008),
        ("&diarize=true", COMMIT, "invalid_request", 1008),
        ("&language_code=de", COMMIT, "invalid_request", 1008),
        ("&enable_logging=perhaps", COMMIT, "invalid_request", 1008),
        ("", b"binary", "input_error", 1008),
        ("", "not json", "input_error", 1008),
        ("", chunk(b"odd"), "input_error", 1008),
        ("", chunk(LOUD, sample_rate=8000), "input_error", 1008),
        ("", "x" * 9_000_000, "session_started", 1009),
    ],
)
def test_what_does_not_fit_ends_the_session_with_its_event(
    fixed: RunningServer, query: str, message: Any, kind: str, close_code: int
) -> None:
    ended = talk_at(fixed, LISTEN + query, message)
    assert (ended.messages[-1]["message_type"], ended.close_code) == (kind, close_code)


def test_a_client_that_vanishes_leaves_the_server_well(fixed: RunningServer) -> None:
    for _ in range(5):
        with contextlib.suppress(ConnectionClosed, OSError), open_at(fixed, LISTEN) as opened:
            opened.recv(10)
            send(opened, chunk(LOUD))
            opened.socket.shutdown(socket.SHUT_RDWR)
    assert heard(fixed, "&enable_logging=false")[1]["text"]


# --- the official client ---


@pytest.mark.parametrize("is_logged", [True, False])
def test_the_official_client_listens_in_both_modes(fixed: RunningServer, is_logged: bool) -> None:
    events = asyncio.run(_listen(fixed, enable_logging=is_logged))
    kinds = [kind for kind, _ in events]
    assert kinds[0] == "session_started"
    assert dict(events)["session_started"]["config"]["enable_logging"] is is_logged
    assert "partial_transcript" in kinds
    assert dict(events)["committed_transcript"]["text"]
    assert dict(events)["committed_transcript_with_timestamps"]["words"]
    assert "error" not in kinds


async def _listen(server: RunningServer, **options: Any) -> list[tuple[str, dict[str, Any]]]:
    client = elevenlabs.AsyncElevenLabs(base_url=server.base_url, api_key=server.api_key)
    events: list[tuple[str, dict[str, Any]]] = []
    is_committed = asyncio.Event()
    connection = await client.speech_to_text.realtime.connect(
        {
            "model_id": "scribe_v2_realtime", "audio_format": AudioFormat.PCM_16000, "sample_rate": 16000,
            "commit_strategy": CommitStrategy.MANUAL, "include_timestamps": True, "keyterms": ["one", "two"],
            **options,
        }
    )  # fmt: skip
    for event in RealtimeEvents:
        connection.on(event, lambda said, name=event.value: events.append((name, said)))
    connection.on(RealtimeEvents.COMMITTED_TRANSCRIPT_WITH_TIMESTAMPS, lambda _said: is_committed.set())
    # Its own first message may have come before anybody listened.
    for start in range(0, len(LOUD), 6400):
        await connection.send({"audio_base_64": base64.b64encode(LOUD[start : start + 6400]).decode()})
    await connection.commit()
    async with asyncio.timeout(20):
        await is_committed.wait()
    await connection.close()
    return [(name, said) for name, said in events if isinstance(said, dict) and "message_type" in said]


# --- a human voice ---


def test_a_human_reading_is_written_down_while_it_is_heard(server: RunningServer) -> None:
    path = os.environ.get(SPEECH_VARIABLE, "")
    if not path:
        pytest.skip(f"NO HUMAN SPEECH: set {SPEECH_VARIABLE} to the WAV file of the reading")
    with wave.open(path) as reading:
        audio = reading.readframes(6 * reading.getframerate())
    with open_at(server, f"{LISTEN}&include_timestamps=true&enable_logging=false") as opened:
        opened.recv(10)
        for start in range(0, len(audio), 6400):
            send(opened, chunk(audio[start : start + 6400]))
        assert until(opened, "partial_transcript")["text"]
        send(opened, COMMIT)
        committed = until(opened, "committed_transcript_with_timestamps")
    assert "the best of times" in committed["text"]
    words = [word for word in committed["words"] if word["type"] == "word"]
    starts = [word["start"] for word in words]
    assert starts == sorted(starts)
    assert words[-1]["end"] <= 6.0
    assert all(word["logprob"] <= 0 for word in words)
