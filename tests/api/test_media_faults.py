"""A recording that ends the process which decodes it costs one request, never the server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from echoless.core.processes import cpu_seconds
from tests.fakes.running_server import RunningServer, running_server
from tests.unit.volatile.engines.media.conftest import recording, tone

pytestmark = pytest.mark.api

PATH = "/v1/speech-to-speech/21m00Tcm4TlvDq8ikWAM?output_format=pcm_24000"
WHOLE_PATH = PATH.replace("pcm_24000", "wav_24000")
BOUNDARY = "9f0c2d"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(
        tmp_path_factory.mktemp("media"), "--engines", "1", "--gateways", "1",
        variables={"ECHOLESS_MEDIA_ENGINES": "1"},
    ) as running:  # fmt: skip
        yield running


def form(audio: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="audio"; filename="upload"\r\n\r\n'
    return head.encode() + audio + f"\r\n--{BOUNDARY}--\r\n".encode()


def converted(server: RunningServer, audio: bytes, mode: str) -> tuple[int, bytes]:
    switch = "false" if mode == "zero" else "true"
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    status, _, body = server.request("POST", f"{PATH}&enable_logging={switch}", form(audio), headers=headers)
    return status, body


def media_pid(server: RunningServer) -> int:
    (pid,) = server.pids()["media"]
    return pid


@pytest.mark.parametrize("mode", ["zero", "default"])
def test_a_decoder_that_crashes_costs_one_request(server: RunningServer, mode: str) -> None:
    """Bad input of the order: a crash costs one request, never the server (C19)."""
    speech = recording("webm", "libopus", tone(2, 48_000), 48_000)
    status, audio = converted(server, speech, mode)
    assert (status, len(audio)) == (200, 2 * 2 * 24_000)
    crashed = media_pid(server)
    # A WAVE file states its length first, so nothing of it has been sent when the process dies.
    switch = "false" if mode == "zero" else "true"
    path = f"{WHOLE_PATH}&enable_logging={switch}"
    connection = server.connect()
    headers = {"xi-api-key": server.api_key, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection.request("POST", path, form(recording("wav", "pcm_s16le", tone(300))), headers)
    busy_s = cpu_seconds(crashed) + 0.3
    while cpu_seconds(crashed) < busy_s:
        time.sleep(0.02)
    os.kill(crashed, signal.SIGSEGV)
    answer = connection.getresponse()
    assert answer.status == 503
    assert b"engine_unavailable" in answer.read()
    connection.close()
    deadline_s = time.monotonic() + 30
    while server.pids().get("media", []) in ([], [crashed]) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert media_pid(server) != crashed
    status = 503
    while status == 503 and time.monotonic() < deadline_s:
        status, audio = converted(server, speech, mode)
    assert (status, len(audio)) == (200, 2 * 2 * 24_000)


@pytest.mark.parametrize(
    ("audio", "code"),
    [
        (b"", "invalid_audio"),
        (b"no recording at all " * 500, "invalid_audio"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0", "invalid_audio"),
        (recording("wav", "pcm_s16le", tone(0.05)), "audio_too_short"),
    ],
    ids=["empty", "text", "cut off", "short"],
)
def test_a_bad_recording_gets_the_error_of_the_contract(server: RunningServer, audio: bytes, code: str) -> None:
    status, body = converted(server, audio, "zero")
    assert status == 400
    assert code.encode() in body


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("mp4", "aac"), ("ipod", "aac"), ("ogg", "libopus"),
     ("flac", "flac"), ("webm", "libopus"), ("adts", "aac"), ("aiff", "pcm_s16be"), ("mpegts", "aac")],
)  # fmt: skip
def test_any_container_is_converted_by_its_content(server: RunningServer, container: str, codec: str) -> None:
    """C18: clients name their files as they like."""
    status, audio = converted(server, recording(container, codec, tone(1, 48_000), 48_000), "zero")
    assert status == 200
    assert abs(len(audio) / 48_000 - 1) < 0.07
