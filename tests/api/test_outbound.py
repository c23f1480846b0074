"""A whole server that connects out: fetched recordings, delivered transcripts and declared remotes, in both modes.

Everything outside is on this machine, so private addresses are allowed here; what is refused otherwise is in
tests/unit/volatile/egress. C47 to C49.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import elevenlabs
import httpx
import pytest
from elevenlabs.client import ElevenLabs
from elevenlabs.core import ApiError

from tests.fakes.egress_pair import certificate_for
from tests.fakes.outside import Asked, Outside, Said
from tests.fakes.running_server import RunningServer, running_server

pytestmark = pytest.mark.api
VOICE = "JBFqnCBsd6RMkjVDRZzb"
PCM = bytes(range(1, 241)) * 400
UPSTREAM, OPENAI, UNDECLARED, STT = "eleven_flash_v2_5", "eleven_flash_v2", "eleven_turbo_v2", "scribe_v2"
HEARD = {
    "language_code": "eng", "language_probability": 1.0, "text": "Hi", "audio_duration_secs": 1.0,
    "words": [{"text": "Hi", "start": 0.0, "end": 0.4, "type": "word", "logprob": -0.1}],
}  # fmt: skip


@dataclass(slots=True)
class World:
    """The server, and what is around it."""

    server: RunningServer
    files: Outside
    hooks: Outside
    upstream: Outside
    openai: Outside
    undeclared: Outside

    @contextlib.contextmanager
    def client(self) -> Iterator[ElevenLabs]:
        """Return the official client."""
        with httpx.Client(timeout=60) as connections:
            yield ElevenLabs(base_url=self.server.base_url, api_key=self.server.api_key, httpx_client=connections)

    def since(self) -> Callable[[], dict[str, list[Asked]]]:
        """Return a function that says what has been asked outside from now on."""
        places = {name: getattr(self, name) for name in ("files", "hooks", "upstream", "openai", "undeclared")}
        before = {name: len(place.asked) for name, place in places.items()}
        return lambda: {name: place.asked[before[name] :] for name, place in places.items()}


def wave(seconds: float = 1.0) -> bytes:
    """Return a WAVE file of a quiet tone."""
    samples = b"".join(
        int(1000 * ((i % 40) / 20 - 1)).to_bytes(2, "little", signed=True) for i in range(int(16000 * seconds))
    )
    form = (1).to_bytes(2, "little") * 2 + (16000).to_bytes(4, "little") + (32000).to_bytes(4, "little")
    form += (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    body = b"WAVEfmt " + len(form).to_bytes(4, "little") + form + b"data" + len(samples).to_bytes(4, "little")
    return b"RIFF" + (len(body) + len(samples)).to_bytes(4, "little") + body + samples


RECORDING = wave()


def upstream_script(asked: Asked) -> Said:
    """Answer as ElevenLabs does."""
    if asked.path.startswith("/v1/history"):
        return Said(body=b'{"history": []}')
    if "speech-to-text" in asked.path:
        return Said(body=json.dumps(HEARD).encode())
    return Said(headers={"request-id": "up-1"}, body=PCM)


def settings(
    directory: Path,
    files: Outside,
    hooks: Outside,
    upstream: Outside,
    openai: Outside,
    undeclared: Outside,
    ca: str,
) -> Path:
    (directory / "upstream-key").write_text("sk-upstream")
    agreed = '{ by = "legal", since = 2026-01-31 }'
    path = directory / "echoless.toml"
    path.write_text(f"""
engines = 1
gateways = 1
media_engines = 1
engine = "null"
media_engine = "null"
fetches = true
webhooks = true
outbound_private_addresses = true
outbound_ports = "{files.port},{hooks.port}"
outbound_ca_file = "{ca}"

[remotes.upstream]
kind = "elevenlabs"
url = "https://localhost:{upstream.port}"
api_key_file = "{directory}/upstream-key"
no_training_agreed = {agreed}
zero_retention_declared = {agreed}
probe_history = true

[remotes.speech]
kind = "openai"
url = "http://127.0.0.1:{openai.port}"
no_training_agreed = {agreed}
zero_retention_declared = {agreed}
default_voice = "alloy"

[remotes.keeps]
kind = "openai"
url = "http://127.0.0.1:{undeclared.port}"
no_training_agreed = {agreed}

[model_engines]
{UPSTREAM} = "remote:upstream"
{OPENAI} = "remote:speech"
{UNDECLARED} = "remote:keeps"
{STT} = "remote:upstream"
eleven_english_sts_v2 = "remote:upstream"
""")
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("outbound")
    certificate = certificate_for(directory, "localhost", "127.0.0.1")
    with contextlib.ExitStack() as stack:
        files = stack.enter_context(Outside(lambda _asked: Said(body=RECORDING)).in_thread(certificate))
        hooks = stack.enter_context(Outside(lambda _asked: Said()).in_thread(certificate))
        upstream = stack.enter_context(Outside(upstream_script).in_thread(certificate))
        openai = stack.enter_context(Outside(lambda _asked: Said(pieces=[PCM])).in_thread())
        undeclared = stack.enter_context(Outside(lambda _asked: Said(pieces=[PCM])).in_thread())
        config = settings(directory, files, hooks, upstream, openai, undeclared, certificate[0])
        server = stack.enter_context(running_server(directory, "--config", str(config)))
        yield World(server, files, hooks, upstream, openai, undeclared)


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


# --- remotes ---


@pytest.mark.claim("Z20")
@pytest.mark.parametrize("is_kept", [True, False])
def test_speech_of_a_remote_reaches_the_client(world: World, is_kept: bool) -> None:
    asked_since = world.since()
    with world.client() as client:
        for model in (UPSTREAM, OPENAI):
            audio = b"".join(
                client.text_to_speech.convert(
                    VOICE, text="Said elsewhere.", model_id=model, output_format="pcm_24000", enable_logging=is_kept
                )
            )
            assert audio == PCM
    asked = asked_since()
    (spoken, *_), (other,) = asked["upstream"], asked["openai"]
    assert parse_qs(urlsplit(spoken.path).query).get("enable_logging") == (None if is_kept else ["false"])
    assert spoken.headers["xi-api-key"] == "sk-upstream"
    assert json.loads(other.body)["input"] == "Said elsewhere."
    listed = world.server.request("GET", "/v1/history?page_size=2")[2]
    if is_kept:
        assert b"Said elsewhere." in listed
    else:
        assert until(lambda: any(one.path.startswith("/v1/history") for one in asked_since()["upstream"]))


@pytest.mark.claim("Z20")
def test_zero_retention_is_refused_before_anything_leaves_where_nobody_declared_it(world: World) -> None:
    asked_since = world.since()
    with world.client() as client:
        with pytest.raises(ApiError) as refused:
            b"".join(
                client.text_to_speech.convert(
                    VOICE, text="Secret.", model_id=UNDECLARED, output_format="pcm_24000", enable_logging=False
                )
            )
        assert refused.value.status_code == 400
        assert "zero_retention_not_supported" in str(refused.value.body)
        assert "model_id" in str(refused.value.body)
        assert asked_since()["undeclared"] == []
        assert b"".join(
            client.text_to_speech.convert(VOICE, text="Kept.", model_id=UNDECLARED, output_format="pcm_24000")
        ) == PCM  # fmt: skip


def test_what_a_remote_cannot_make_is_refused_before_anything_leaves(world: World) -> None:
    asked_since = world.since()
    with world.client() as client:
        for more in ({"output_format": "mp3_44100_128"}, {"output_format": "wav_24000"}):
            with pytest.raises(ApiError) as refused:
                b"".join(client.text_to_speech.convert(VOICE, text="x", model_id=OPENAI, **more))  # type: ignore[arg-type]  # fields by name
            assert refused.value.status_code == 400
        with pytest.raises(ApiError) as refused:
            client.text_to_speech.convert_with_timestamps(
                VOICE, text="x", model_id=OPENAI, output_format="pcm_24000"
            )
        assert refused.value.status_code == 400
    assert asked_since()["openai"] == []


@pytest.mark.parametrize("is_kept", [True, False])
def test_recordings_go_to_a_remote_and_come_back(world: World, is_kept: bool) -> None:
    asked_since = world.since()
    with world.client() as client:
        heard = client.speech_to_text.convert(model_id=STT, file=RECORDING, enable_logging=is_kept)
        assert heard.text == "Hi"
        assert (heard.transcription_id is not None) is is_kept
        audio = b"".join(
            client.speech_to_speech.convert(
                VOICE, audio=RECORDING, output_format="pcm_24000", enable_logging=is_kept
            )
        )
    assert audio == PCM
    asked = [one for one in asked_since()["upstream"] if one.method == "POST"]
    assert [RECORDING in one.body for one in asked] == [True, True]
    expected = None if is_kept else ["false"]
    assert [parse_qs(urlsplit(one.path).query).get("enable_logging") for one in asked] == [expected] * 2


def test_a_failing_remote_is_a_503_in_our_words(world: World) -> None:
    world.openai.script = lambda _asked: Said(500, body=b'{"error": "Nobody knows."}')
    try:
        status, _, body = world.server.request(
            "POST",
            f"/v1/text-to-speech/{VOICE}?output_format=pcm_24000",
            {"text": "Nobody knows.", "model_id": OPENAI},
        )
    finally:
        world.openai.script = lambda _asked: Said(pieces=[PCM])
    assert status == 503
    assert b"Nobody" not in body
    assert until(lambda: '"event":"remote_failed","name":"speech","http_status":500' in world.server.output())


# --- fetches ---


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("field", ["cloud_storage_url", "source_url"])
def test_a_recording_is_fetched(world: World, is_kept: bool, field: str) -> None:
    asked_since = world.since()
    url = f"https://localhost:{world.files.port}/meetings/secret-name.wav?token=secret-token"
    with world.client() as client:
        heard = client.speech_to_text.convert(
            model_id="scribe_v1",
            enable_logging=is_kept,
            **{field: url},  # type: ignore[arg-type]  # a field by name
        )
    assert heard.text
    (asked,) = asked_since()["files"]
    assert asked.path == "/meetings/secret-name.wav?token=secret-token"
    assert asked.server_name == "localhost"
    assert "secret" not in world.server.output()


@pytest.mark.claim("Z21")
@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/a",
        "https://localhost:1/a",
        "https://nowhere.invalid/a",
        "https://user@localhost:{port}/",
        "a",
    ],
)
def test_what_may_not_be_fetched_is_a_400_that_does_not_repeat_it(world: World, url: str) -> None:
    asked_since = world.since()
    with world.client() as client, pytest.raises(ApiError) as refused:
        client.speech_to_text.convert(
            model_id="scribe_v1", cloud_storage_url=url.format(port=world.files.port), enable_logging=False
        )
    assert refused.value.status_code == 400
    assert "cloud_storage_url" in str(refused.value.body)
    assert "localhost" not in str(refused.value.body)
    assert asked_since()["files"] == []


# --- webhooks ---


def registered(client: ElevenLabs, world: World, *, retries: bool = False) -> tuple[str, str]:
    made = client.webhooks.create(
        settings=elevenlabs.WebhookHmacSettings(name="r", webhook_url=f"https://localhost:{world.hooks.port}/r")
    )
    client.webhooks.update(
        made.webhook_id, is_disabled=False, name="r", retry_enabled=retries, events=["speech_to_text"]
    )
    assert made.webhook_secret is not None
    return made.webhook_id, made.webhook_secret


@pytest.mark.claim("Z21")
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_transcript_is_delivered_signed(world: World, is_kept: bool) -> None:
    asked_since = world.since()
    with world.client() as client:
        webhook_id, secret = registered(client, world)
        try:
            answer = client.speech_to_text.with_raw_response.convert(
                model_id="scribe_v1", file=RECORDING, webhook=True, webhook_id=webhook_id,
                webhook_metadata={"ward": "7"}, enable_logging=is_kept,
            )  # fmt: skip
            assert until(lambda: bool(asked_since()["hooks"]))
        finally:
            client.webhooks.delete(webhook_id)
    assert answer.headers["x-echoless-retention"] == ("default" if is_kept else "zero")
    (asked,) = asked_since()["hooks"]
    event = ElevenLabs(api_key="x").webhooks.construct_event(
        asked.body.decode(), asked.headers["elevenlabs-signature"], secret
    )
    assert event["type"] == "speech_to_text_transcription"
    assert event["data"]["webhook_metadata"] == {"ward": "7"}
    assert event["data"]["transcription"]["text"]
    assert ("transcription_id" in event["data"]["transcription"]) is is_kept


@pytest.mark.claim("Z21")
@pytest.mark.seed("S3.8")
def test_a_zero_retention_transcript_that_nobody_takes_is_lost(world: World) -> None:
    """C48: one attempt, no queue, and nothing of it in the server's files."""
    asked_since = world.since()
    world.hooks.script = lambda _asked: Said(500)
    try:
        with world.client() as client:
            webhook_id, _ = registered(client, world, retries=True)
            try:
                client.speech_to_text.convert(
                    model_id="scribe_v1", file=RECORDING, webhook=True, webhook_id=webhook_id,
                    webhook_metadata={"canary": "Xq9vKp2mZt"}, enable_logging=False,
                )  # fmt: skip
                assert until(lambda: bool(asked_since()["hooks"]))
                time.sleep(2.5)  # longer than the first wait before a second attempt
            finally:
                client.webhooks.delete(webhook_id)
    finally:
        world.hooks.script = lambda _asked: Said()
    assert len(asked_since()["hooks"]) == 1
    assert b"Xq9vKp2mZt" in asked_since()["hooks"][0].body
    for path in world.server.data_directory.rglob("*"):
        if path.is_file():
            assert b"Xq9vKp2mZt" not in path.read_bytes()


# --- processes that die ---


def test_a_way_out_that_dies_costs_what_was_under_way_and_is_replaced(world: World) -> None:
    """C19: nothing hangs, the server goes on, and the next request goes out again."""
    path = f"/v1/text-to-speech/{VOICE}?output_format=pcm_24000&enable_logging=false"
    body = {"text": "Said elsewhere.", "model_id": OPENAI}
    may_answer, statuses = threading.Event(), []

    def slow(_asked: Asked) -> Said:
        may_answer.wait(20)
        return Said(pieces=[PCM])

    asked_since, world.openai.script = world.since(), slow
    thread = threading.Thread(target=lambda: statuses.append(world.server.request("POST", path, body)[0]))
    thread.start()
    try:
        assert until(lambda: bool(asked_since()["openai"]))
        before = world.server.pids()["egress"]
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        thread.join(20)
        assert statuses == [503]
    finally:
        may_answer.set()
        world.openai.script = lambda _asked: Said(pieces=[PCM])
        thread.join()
    assert until(lambda: world.server.request("POST", path, body)[0] == 200)
    after = world.server.pids()["egress"]
    assert len(after) == len(before)
    assert not set(after) & set(before)


# --- off unless switched on ---


def test_nothing_goes_out_unless_it_is_switched_on(server: RunningServer) -> None:
    with httpx.Client(timeout=60) as connections:
        client = ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)
        with pytest.raises(ApiError) as refused:
            client.speech_to_text.convert(model_id="scribe_v1", cloud_storage_url="https://files.example/a")
    assert refused.value.status_code == 400
    assert "fetches = true" in str(refused.value.body)
    assert "egress" not in server.pids()


@pytest.mark.claim("Z20")
@pytest.mark.seed("S7")
def test_a_server_does_not_start_with_a_remote_that_may_train(tmp_path: Path) -> None:
    """S7."""
    config = tmp_path / "echoless.toml"
    config.write_text('[remotes.one]\nkind = "openai"\nurl = "https://speech.example"\n')
    with (
        pytest.raises(AssertionError, match="no_training_agreed"),
        running_server(tmp_path, "--config", str(config)),
    ):
        pass
