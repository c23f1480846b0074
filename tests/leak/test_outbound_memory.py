"""What goes out leaves nothing behind: every process of a server is searched after zero-retention work went out.

C32, C47, T21: texts, addresses, webhook bodies, transcripts and audio, on every way out there is; and a text while
it is still under way, so that the search is known to see it.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from elevenlabs.client import ElevenLabs

from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import MASK_BYTE, Needle
from echoless.core.processes import family_of
from tests.api.test_outbound import (
    HEARD,
    OPENAI,
    RECORDING,
    STT,
    UPSTREAM,
    VOICE,
    World,
    registered,
    settings,
    until,
)
from tests.fakes.egress_pair import certificate_for
from tests.fakes.outside import Asked, Outside, Said
from tests.fakes.running_server import running_server

pytestmark = pytest.mark.leak
REPEATS = 3


def canary(kind: str) -> str:
    """Return a word that stands nowhere else."""
    return f"{kind}-{secrets.token_hex(12)}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("outbound-memory")
    certificate = certificate_for(directory, "localhost", "127.0.0.1")
    with contextlib.ExitStack() as stack:
        places = [
            stack.enter_context(Outside(lambda _asked: Said()).in_thread(certificate if index < 3 else None))
            for index in range(5)
        ]
        config = settings(directory, *places, certificate[0])
        server = stack.enter_context(running_server(directory, "--config", str(config), "--audit-view"))
        yield World(server, *places)


def needles_of(*canaries: str, audio: bytes = b"") -> list[Needle]:
    found = [(word.partition("-")[0], word.encode()) for word in canaries]
    step = max(1, len(audio) // 24)
    found += [("audio", audio[at : at + 32]) for at in range(64, len(audio) - 64, step)]
    return [Needle("plain", owner, bytes(byte ^ MASK_BYTE for byte in data)) for owner, data in found]


def copies(world: World, needles: list[Needle]) -> Counter[str]:
    scan = scan_memory(family_of(world.server.process.pid), needles)
    assert scan.is_complete
    return Counter(f"{hit.owner} in {hit.role}" for hit in scan.hits)


def gone(world: World, needles: list[Needle]) -> Counter[str]:
    """Return what is left a second after the last answer."""
    time.sleep(1.0)
    return copies(world, needles)


@contextlib.contextmanager
def client_of(world: World) -> Iterator[ElevenLabs]:
    with httpx.Client(timeout=60) as connections:
        yield ElevenLabs(base_url=world.server.base_url, api_key=world.server.api_key, httpx_client=connections)


@pytest.mark.claim("Z1")
@pytest.mark.parametrize("model", [UPSTREAM, OPENAI])
def test_speech_of_remotes_leaves_neither_text_nor_audio(world: World, model: str) -> None:
    audio = secrets.token_bytes(48_000)
    world.upstream.script = lambda asked: Said(body=b'{"history": []}' if "history" in asked.path else audio)
    world.openai.script = lambda _asked: Said(pieces=[audio[:20_000], audio[20_000:]])
    words = [canary("text") for _ in range(REPEATS)]
    with client_of(world) as client:
        for word in words:
            made = client.text_to_speech.convert(
                VOICE, text=f"Said {word}.", model_id=model, output_format="pcm_24000", enable_logging=False
            )
            assert b"".join(made) == audio
    assert gone(world, needles_of(*words, audio=audio)) == {}


@pytest.mark.claim("Z1")
def test_a_failing_remote_leaves_nothing_of_its_words(world: World) -> None:
    word = canary("error")
    world.openai.script = lambda asked: Said(
        400, body=json.dumps({"error": json.loads(asked.body)["input"]}).encode()
    )
    status, _, body = world.server.request(
        "POST", f"/v1/text-to-speech/{VOICE}?output_format=pcm_24000&enable_logging=false",
        {"text": word, "model_id": OPENAI},
    )  # fmt: skip
    assert status == 400
    assert word.encode() not in body
    assert gone(world, needles_of(word)) == {}


@pytest.mark.claim("Z1")
def test_recordings_and_transcripts_of_remotes_leave_nothing(world: World) -> None:
    recording, word = RECORDING[:44] + secrets.token_bytes(64_000), canary("transcript")
    heard = HEARD | {"text": word, "words": [HEARD["words"][0] | {"text": word}]}  # type: ignore[index, dict-item]  # a table of any values
    world.upstream.script = lambda _asked: Said(body=json.dumps(heard).encode())
    with client_of(world) as client:
        for _ in range(REPEATS):
            told = client.speech_to_text.convert(model_id=STT, file=recording, enable_logging=False)
            assert told.text == word
    assert gone(world, needles_of(word, audio=recording)) == {}


@pytest.mark.claim("Z1")
@pytest.mark.seed("S3.7")
def test_a_fetched_recording_leaves_neither_itself_nor_its_address(world: World) -> None:
    recording = RECORDING[:44] + secrets.token_bytes(64_000)
    world.files.script = lambda _asked: Said(body=recording)
    words = [canary("path") for _ in range(REPEATS)]
    with client_of(world) as client:
        for word in words:
            url = f"https://localhost:{world.files.port}/{word}?{word}"
            client.speech_to_text.convert(model_id="scribe_v1", cloud_storage_url=url, enable_logging=False)
    assert gone(world, needles_of(*words, audio=recording)) == {}


@pytest.mark.claim("Z1")
def test_a_host_that_a_client_named_is_left_in_no_process(world: World) -> None:
    """The supervisor resolves it; also where it does not exist."""
    hosts = [f"{canary('host')}.invalid" for _ in range(REPEATS)]
    for host in hosts:
        body, headers = _form(model_id="scribe_v1", source_url=f"https://{host}/a")
        path = "/v1/speech-to-text?enable_logging=false"
        status, _, _ = world.server.request("POST", path, body, headers=headers)
        assert status == 400
    assert gone(world, needles_of(*hosts)) == {}


@pytest.mark.claim("Z1")
@pytest.mark.parametrize("status", [200, 500])
def test_a_delivered_or_lost_webhook_leaves_nothing(world: World, status: int) -> None:
    world.hooks.script = lambda _asked: Said(status)
    words = [canary("metadata") for _ in range(REPEATS)]
    with client_of(world) as client:
        webhook_id, _ = registered(client, world, retries=True)
        before = len(world.hooks.asked)
        for word in words:
            client.speech_to_text.convert(
                model_id="scribe_v1", file=RECORDING, webhook=True, webhook_id=webhook_id,
                webhook_metadata={"canary": word}, enable_logging=False,
            )  # fmt: skip
        assert until(lambda: len(world.hooks.asked) == before + REPEATS)
        client.webhooks.delete(webhook_id)
    assert gone(world, needles_of(*words)) == {}


def answers_badly(asked: Asked) -> Said:
    """Answer a fetch in each way that cannot be used."""
    said = {
        "missing": Said(404), "broken": Said(body=RECORDING[:900], breaks_off=True),
        "astray": Said(302, headers={"location": f"http://[::1/x{asked.path}"}),
        "packed": Said(headers={"content-encoding": "gzip"}, body=b"x"),
    }  # fmt: skip
    return said[asked.path.split("/")[1]]


@pytest.mark.claim("Z1")
def test_nothing_is_left_of_what_has_ended_while_something_else_goes_on(world: World) -> None:
    """C32, C33: a fetch that lasts is no reason to remember those that failed beside it."""
    lasting, may_answer = canary("lasting"), threading.Event()

    def slow(_asked: Asked) -> Said:
        may_answer.wait(30)
        return Said(404)

    world.files.script, world.hooks.script = slow, answers_badly
    before = len(world.files.asked)
    waiting = threading.Thread(target=fetched, args=(world, f"https://localhost:{world.files.port}/{lasting}"))
    waiting.start()
    ended: list[str] = []
    try:
        assert until(lambda: len(world.files.asked) > before or world.files.connection_count > before)
        for kind in ("missing", "broken", "astray", "packed"):
            ended.append(canary("ended"))
            url = f"https://localhost:{world.hooks.port}/{kind}/{ended[-1]}"
            assert fetched(world, url) == 400
        left, found = gone(world, needles_of(*ended)), copies(world, needles_of(lasting))
    finally:
        may_answer.set()
        waiting.join()
    assert left == {}
    assert found["lasting in egress"] > 0


def fetched(world: World, url: str) -> int:
    """Have a recording fetched, kept nowhere; return the status."""
    body, headers = _form(model_id="scribe_v1", cloud_storage_url=url)
    path = "/v1/speech-to-text?enable_logging=false"
    return int(world.server.request("POST", path, body, headers=headers)[0])


def test_the_search_sees_what_is_under_way(world: World) -> None:
    """C34: the control. A remote that has not answered yet holds the text in its egress process."""
    word, may_answer = canary("control"), threading.Event()

    def slow(_asked: Asked) -> Said:
        may_answer.wait(20)
        return Said(body=bytes(48_000))

    world.openai.script = slow
    before = len(world.openai.asked)
    body = {"text": word, "model_id": OPENAI}
    path = f"/v1/text-to-speech/{VOICE}?output_format=pcm_24000&enable_logging=false"
    thread = threading.Thread(target=world.server.request, args=("POST", path, body))
    thread.start()
    try:
        assert until(lambda: len(world.openai.asked) > before)
        found = copies(world, needles_of(word))
    finally:
        may_answer.set()
        thread.join()
    assert found["control in egress"] > 0


def _form(**fields: str) -> tuple[bytes, dict[str, str]]:
    boundary = secrets.token_hex(8)
    parts = "".join(
        f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return f"{parts}--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}
