"""The official Python client's `convert_realtime`, unmodified: it dials TLS only and cannot ask for zero."""

from __future__ import annotations

import io
import json
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import av
import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer, running_server

pytestmark = [
    pytest.mark.api,
    pytest.mark.claim("Z3"),
    # The client reads the reason of a close by a name that its own library has deprecated.
    pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning"),
]

VOICE = "JBFqnCBsd6RMkjVDRZzb"


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("tls")
    with running_server(place, "--tls-self-signed", "--engines", "1", "--gateways", "1") as running:
        yield running


@pytest.fixture
def certificate(over_tls: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = over_tls.data_directory / "tls" / "self-signed.crt"
    monkeypatch.setenv("SSL_CERT_FILE", str(found))
    return found


def ask(server: RunningServer, certificate: Path, method: str, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        server.base_url + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"xi-api-key": server.api_key, "content-type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=str(certificate))) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def realtime(server: RunningServer, key: str, words: list[str], **more: object) -> bytes:
    with httpx.Client() as connections:
        client = elevenlabs.ElevenLabs(base_url=server.base_url, api_key=key, httpx_client=connections)
        return b"".join(client.text_to_speech.convert_realtime(VOICE, text=iter(words), **more))


def texts(server: RunningServer, certificate: Path) -> list[str]:
    items = ask(server, certificate, "GET", "/v1/history?page_size=100")["history"]
    assert isinstance(items, list)
    return [item["text"] for item in items]


def test_the_client_speaks_and_what_it_said_is_kept(over_tls: RunningServer, certificate: Path) -> None:
    words = ["The client speaks ", "as its words come, ", "one after another. ", "This is its end."]
    audio = realtime(over_tls, over_tls.api_key, words)
    with av.open(io.BytesIO(audio)) as container:
        seconds = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert seconds > 4
    assert [text.split() for text in texts(over_tls, certificate)] == ["".join(words).split()]


def test_settings_and_models_are_taken(over_tls: RunningServer, certificate: Path) -> None:
    settings = elevenlabs.VoiceSettings(stability=0.3, speed=1.1)
    assert realtime(
        over_tls, over_tls.api_key, ["Hello."], model_id="eleven_flash_v2_5", output_format="mp3_22050_32",
        voice_settings=settings,
    )  # fmt: skip


def test_a_key_bound_to_zero_gives_this_client_zero_retention(over_tls: RunningServer, certificate: Path) -> None:
    before = texts(over_tls, certificate)
    account = ask(over_tls, certificate, "POST", "/v1/service-accounts", {"name": "realtime"})
    path = f"/v1/service-accounts/{account['service-account-user-id']}/api-keys"
    made = ask(over_tls, certificate, "POST", path, {"name": "zero", "permissions": "all", "retention": "zero"})
    assert realtime(over_tls, str(made["xi-api-key"]), ["Nobody will ", "remember this."])
    assert texts(over_tls, certificate) == before


def test_the_client_learns_why_it_was_refused(over_tls: RunningServer, certificate: Path) -> None:
    with pytest.raises(ApiError) as caught:
        realtime(over_tls, over_tls.api_key, ["Hello."], model_id="eleven_v3")
    assert caught.value.status_code == 1008
