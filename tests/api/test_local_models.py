"""A running server, behind its wall, that works with installed models: tiny ones which the test makes."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from echoless.cli.model_install import installed_models
from tests.fakes.running_server import RunningServer, running_server, spawn_server

pytest.importorskip("sherpa_onnx", reason="the extra `neural` is not installed")
pytest.importorskip("faster_whisper", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.neural_models import piper_model, transducer_model
from tests.fakes.whisper_model import whisper_model

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]
VOICE = "21m00Tcm4TlvDq8ikWAM"
ENGINES = {
    "eleven_v3": "local:tiny-voice", "eleven_flash_v2_5": "local:tiny-voice", "scribe_v1": "local:tiny-whisper",
    "scribe_v2_realtime": "local:tiny-transducer",
}  # fmt: skip


def noise(seconds: float, rate_hz: int = 16_000) -> bytes:
    samples = np.random.default_rng(3).standard_normal(int(seconds * rate_hz)) * 8_000
    return np.clip(samples, -32_000, 32_000).astype("<i2").tobytes()


def settings(directory: Path, engines: dict[str, str]) -> Path:
    lines = [f'"{model}" = "{engine}"' for model, engine in engines.items()]
    path = directory / "echoless.toml"
    path.write_text("\n".join(["[model_engines]", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("local")
    # Beside the data directory, where it is looked for when nothing else is said.
    models = directory / "data-models"
    piper_model(models / "tiny-voice", languages=("en", "de"))
    whisper_model(models / "tiny-whisper")
    transducer_model(models / "tiny-transducer")
    assert len(installed_models(models)) == 3
    flags = ("--engines", "1", "--gateways", "1", "--config", str(settings(directory, ENGINES)))
    variables = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "1"}
    with running_server(directory, *flags, variables=variables) as running:
        yield running


def speak(server: RunningServer, model_id: str, query: str = "", **more: Any) -> tuple[dict[str, str], bytes]:
    path = f"/v1/text-to-speech/{VOICE}?output_format=pcm_16000{query}"
    status, headers, audio = server.request("POST", path, {"text": "Hello there.", "model_id": model_id, **more})
    assert status == 200, audio
    return headers, audio


@pytest.mark.claim("Z3")
@pytest.mark.parametrize("query", ["", "&enable_logging=false"])
def test_a_model_that_is_mapped_speaks_by_its_engine(local: RunningServer, query: str) -> None:
    headers, audio = speak(local, "eleven_v3", query)
    assert headers["x-echoless-retention"] == ("zero" if query else "default")
    embedded = speak(local, "eleven_multilingual_v2", query)[1]
    assert audio != embedded and len(audio) > 8_000 and len(embedded) > 8_000
    assert speak(local, "eleven_v3", query)[1] == audio
    assert speak(local, "eleven_v3", query, language_code="de")[1] != audio


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "opus_48000_64", "wav_22050", "ulaw_8000"])
def test_an_engine_of_another_rate_is_encoded_in_every_format(local: RunningServer, output_format: str) -> None:
    path = f"/v1/text-to-speech/{VOICE}/with-timestamps?output_format={output_format}"
    status, _, body = local.request("POST", path, {"text": "One two three.", "model_id": "eleven_v3"})
    assert status == 200
    answer = json.loads(body)
    assert len(base64.b64decode(answer["audio_base64"])) > 500
    ends = answer["alignment"]["character_end_times_seconds"]
    assert ends == sorted(ends) and ends[-1] > 0.3


def test_a_dialogue_and_a_socket_speak_by_the_engine_too(local: RunningServer) -> None:
    lines = {"inputs": [{"text": "[softly] Hi.", "voice_id": VOICE}, {"text": "You?", "voice_id": VOICE}]}
    path = "/v1/text-to-dialogue?output_format=pcm_16000"
    assert local.request("POST", path, lines | {"model_id": "eleven_v3"})[0] == 200
    url = local.base_url.replace("http", "ws") + f"/v1/text-to-speech/{VOICE}/stream-input"
    query = "model_id=eleven_flash_v2_5&output_format=pcm_16000"
    with connect(f"{url}?{query}", additional_headers={"xi-api-key": local.api_key}) as opened:
        for text in (" ", "Hello there. ", ""):
            opened.send(json.dumps({"text": text}))
        audio = b""
        with contextlib.suppress(Exception):
            while not (message := json.loads(opened.recv(20))).get("isFinal"):
                audio += base64.b64decode(message.get("audio") or "")
    assert len(audio) > 8_000


def wav(pcm: bytes) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(16_000)
        written.writeframes(pcm)
    return held.getvalue()


@pytest.mark.claim("Z3")
@pytest.mark.parametrize("query", ["", "?enable_logging=false"])
def test_a_recording_is_recognised_by_the_engine_of_its_model(local: RunningServer, query: str) -> None:
    spoken = speak(local, "eleven_multilingual_v2")[1]
    parts = [
        b'--b\r\ncontent-disposition: form-data; name="model_id"\r\n\r\nscribe_v1\r\n',
        b'--b\r\ncontent-disposition: form-data; name="language_code"\r\n\r\nde\r\n',
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n' + wav(spoken * 3) + b"\r\n",
        b"--b--\r\n",
    ]
    headers = {"content-type": "multipart/form-data; boundary=b"}
    status, answered, body = local.request("POST", f"/v1/speech-to-text{query}", b"".join(parts), headers=headers)
    assert status == 200, body
    assert answered["x-echoless-retention"] == ("zero" if query else "default")
    # German is what the embedded recogniser does not know; these weights hear w123 and the like in anything.
    transcript = json.loads(body)
    assert transcript["language_code"] in ("de", "deu")
    words = [word["text"] for word in transcript["words"] if word["type"] == "word"]
    assert words and all(word.startswith("w") for word in words)


@pytest.mark.claim("Z3")
@pytest.mark.parametrize("query", ["", "&enable_logging=false"])
def test_live_speech_is_recognised_by_the_engine_of_its_model(local: RunningServer, query: str) -> None:
    url = local.base_url.replace("http", "ws") + "/v1/speech-to-text/realtime"
    wanted = f"?model_id=scribe_v2_realtime&language_code=de{query}"
    with connect(url + wanted, additional_headers={"xi-api-key": local.api_key}) as opened:
        for index, audio in enumerate((bytes(16_000), noise(0.4), bytes(16_000))):
            message = {
                "message_type": "input_audio_chunk", "audio_base_64": base64.b64encode(audio).decode(),
                "commit": index == 2, "sample_rate": 16_000,
            }  # fmt: skip
            opened.send(json.dumps(message))
        kinds: dict[str, dict[str, Any]] = {}
        while "committed_transcript" not in kinds:
            received = json.loads(opened.recv(20))
            assert "error" not in received, received
            kinds[received["message_type"]] = received
    assert kinds["committed_transcript"]["text"].startswith("hey bc")
    assert "partial_transcript" in kinds


def test_the_list_of_models_tells_the_truth(local: RunningServer) -> None:
    models = {model["model_id"]: model for model in json.loads(local.request("GET", "/v1/models")[2])}
    assert [language["language_id"] for language in models["eleven_v3"]["languages"]] == ["de", "en"]
    assert "tiny-voice" in models["eleven_v3"]["description"]
    assert len(models["eleven_multilingual_v2"]["languages"]) > 20


def test_zero_retention_is_not_missing_anything(local: RunningServer) -> None:
    """The wall is closed around one thread and every channel, though a runtime has threads later."""
    assert "refused by the host" not in local.output()
    assert speak(local, "eleven_v3", "&enable_logging=false")[0]["x-echoless-retention"] == "zero"


@pytest.mark.parametrize(
    ("engines", "said"),
    [
        ({"eleven_v3": "local:absent"}, "absent is not installed"),
        ({"eleven_v3": "local:tiny-whisper"}, "eleven_v3 cannot be done by tiny-whisper"),
        ({"scribe_v1": "local:tiny-whisper"}, "tiny-whisper is damaged"),
        ({"eleven_v9": "local:tiny-voice"}, "a model that does not exist"),
        ({"eleven_v3": "remote:nobody"}, "a remote that is not declared"),
    ],
)
def test_a_server_does_not_start_with_models_that_are_not_there(
    tmp_path: Path, engines: dict[str, str], said: str
) -> None:
    model = whisper_model(tmp_path / "data-models" / "tiny-whisper")
    if "damaged" in said:
        (model.directory / "model.bin").write_bytes(b"cut")
    process = spawn_server(tmp_path, "--config", str(settings(tmp_path, engines)))
    assert process.wait(30) == 2
    assert said in (tmp_path / "output").read_text().replace("\n", " ")
