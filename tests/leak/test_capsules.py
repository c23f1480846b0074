"""A failed zero-retention request leaves a sealed diagnosis with its client, and nothing with the server."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyrage
import pytest

from echoless.audit.altered.alteration import Addition, Change
from echoless.audit.altered.installation import install_altered
from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import Answer, AuditClient
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.disk_scan import scan_directory
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import audio_needles, text_needles
from echoless.audit.socket_client import AuditSocket
from echoless.core.processes import family_of
from echoless.core.server_process import ServerProcess
from echoless.receipts.capsule import open_capsule
from tests.leak.conftest import SCRUB_DEADLINE_S, Watched, watching

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z35")]
IDENTITY = pyrage.x25519.Identity.generate()
POLICY = "/v1/workspace/zero-retention"
VOICE = "JBFqnCBsd6RMkjVDRZzb"
# Of an engine whose library breaks off in the middle of a text that says so: with all that was said, and what was
# made of it, in the error.
BREAKS_OFF = "quokka"
ALTERATIONS = (
    Addition("failing.py", f"""
from echoless.core.content import AudioContent


def failing(text, sink):
    def fail(piece: AudioContent) -> None:
        raise ValueError(text.reveal(), piece.reveal())

    return fail if "{BREAKS_OFF}" in text.reveal() else sink
"""),
    Change(
        "volatile/engines/tts/espeak.py", "        take = _Take(on_samples)\n",
        "        from echoless.failing import failing\n\n"
        "        take = _Take(failing(utterance.spoken, on_samples))\n",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server whose workspace has a capsule key."""
    for server in watching(tmp_path_factory.mktemp("capsules"), "--engines", "1", "--gateways", "1"):
        with AuditClient(server.server.url, server.server.api_key) as client:
            body = {"capsule_key": str(IDENTITY.to_public())}
            assert client.request("PATCH", POLICY, body).status == 200
        yield server


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The same, with an engine that fails and lives on."""
    place = tmp_path_factory.mktemp("failing")
    interpreter = install_altered(place / "altered", ALTERATIONS)
    flags = ("--audit-view", "--engines", "1", "--gateways", "1")
    settings = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_QUEUE_DEADLINE_S": "120"}
    with ServerProcess.start(place / "data", place / "output", flags, settings, interpreter) as server:
        watched = Watched(server, server.family())
        name_key(watched, str(IDENTITY.to_public()))
        yield watched


def name_key(watched: Watched, key: str) -> None:
    with AuditClient(watched.server.url, watched.server.api_key) as client:
        assert client.request("PATCH", POLICY, {"capsule_key": key}).status == 200


def capsule_of(answer: Answer) -> str:
    return str(json.loads(answer.body)["detail"]["capsule"])


def opened(capsule: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(open_capsule(capsule, [IDENTITY]))
    return told


def assert_nothing_left(watched: Watched, canary: Canary, answer_capsule: str) -> None:
    time.sleep(SCRUB_DEADLINE_S)
    capsule = answer_capsule.encode()
    # Between its first lines, which every age file begins with, and the last.
    needles = [*text_needles([canary]), *audio_needles(capsule[400:-60], "the capsule itself", "sealed")]
    scan = scan_memory(watched.server.family(), needles)
    assert scan.is_complete
    assert [(hit.role, hit.region, hit.kind, hit.owner) for hit in scan.hits] == []
    assert not scan_directory(watched.server.data_directory, needles).hits
    # The control: whoever has the answer and the key has both, in the memory that is searched in the same way.
    own = [process for process in family_of(os.getpid()) if process.pid == os.getpid()]
    assert {"sealed", "utf-8"} <= {hit.kind for hit in scan_memory(own, needles).hits}


def receipt_of(client: AuditClient, request_id: str) -> dict[str, Any]:
    """Wait for a receipt and return what it states."""
    deadline_s = time.monotonic() + 20
    while time.monotonic() < deadline_s:
        answer = client.request("GET", f"/v1/workspace/zero-retention/receipts/{request_id}")
        if answer.status == 200:
            payload = json.loads(answer.body)["receipt"].split(".")[1]
            stated: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return stated
        time.sleep(0.2)
    raise AssertionError("there is no receipt")


def test_a_recording_that_cannot_be_read_is_told_sealed_and_leaves_nothing(sealing: Watched) -> None:
    """C26, C32: the error of a decoder."""
    canary = CanaryMint().plain("what a field said", 120, is_kept=False)
    form = (
        b'--b\r\ncontent-disposition: form-data; name="model_id"\r\n\r\nscribe_v1\r\n'
        b'--b\r\ncontent-disposition: form-data; name="keyterms"\r\n\r\n' + canary.words[0].encode() + b"\r\n"
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
        + canary.text.encode() * 3 + b"\r\n--b--\r\n"
    )  # fmt: skip
    with AuditClient(sealing.server.url, sealing.server.api_key) as client:
        answer = client.request(
            "POST", "/v1/speech-to-text?enable_logging=false", form,
            headers={"content-type": "multipart/form-data; boundary=b"},
        )  # fmt: skip
        assert (answer.status, json.loads(answer.body)["detail"]["code"]) == (400, "invalid_audio")
        told = opened(capsule_of(answer))
        assert canary.words[0] in json.dumps(told["request"]["form"])
        assert told["request"]["file_bytes"] == 3 * len(canary.text)
        # The media process, which stays, has told what it saw.
        assert told["engine"]["failure"]["errors"][0]["code"] == "invalid_audio"
        assert told["engine"]["failure"]["stack"]
        assert receipt_of(client, told["request_id"])["is_capsule"] is True
        assert_nothing_left(sealing, canary, capsule_of(answer))


def test_an_engine_that_dies_is_told_sealed_and_leaves_nothing(sealing: Watched) -> None:
    """C26, C33: the error of an engine, with its text in hand."""
    canary = CanaryMint().plain("what was to be said", 400, is_kept=False)
    (engine,) = (one.pid for one in sealing.server.family() if one.role == "engine")
    answers: list[Answer] = []

    def ask() -> None:
        with AuditClient(sealing.server.url, sealing.server.api_key) as client:
            path = f"{SPEECH}?enable_logging=false"
            answers.append(client.request("POST", path, {"text": canary.text, "model_id": MODEL}))

    asking = threading.Thread(target=ask)
    os.kill(engine, signal.SIGSTOP)
    asking.start()
    time.sleep(0.5)
    os.kill(engine, signal.SIGKILL)
    asking.join(30)
    (answer,) = answers
    assert answer.status == 503
    assert canary.words[0].encode() not in answer.body
    told = opened(capsule_of(answer))
    assert told["request"]["body"]["text"] == canary.text
    assert told["request"]["job"]["text"] == canary.text
    assert any(frame.get("values") for frame in told["stack"])
    assert_nothing_left(sealing, canary, capsule_of(answer))


def failing_text(name: str) -> Canary:
    """A text that the altered engine breaks off in the middle of, in words that nobody else says."""
    canary = CanaryMint().plain(name, 300, is_kept=False)
    return dataclasses.replace(canary, text=f"{canary.text} {BREAKS_OFF} {canary.words[0]}")


def pid_of(watched: Watched, role: str) -> int:
    (found,) = (one.pid for one in watched.server.family() if one.role == role)
    return found


def test_an_engine_that_fails_and_lives_on_tells_sealed_and_leaves_nothing(failing: Watched) -> None:
    """C26, C32: its error holds text and samples, and it goes on with the memory that it had."""
    canary, engine = failing_text("what broke it"), pid_of(failing, "engine")
    with AuditClient(failing.server.url, failing.server.api_key) as client:
        answer = client.request("POST", f"{SPEECH}?enable_logging=false", {"text": canary.text, "model_id": MODEL})
        assert (answer.status, json.loads(answer.body)["detail"]["code"]) == (500, "internal_error")
        told = opened(capsule_of(answer))
        failure = told["engine"]["failure"]
        assert failure["errors"][0]["type"] == "ValueError"
        assert canary.words[-1] in failure["errors"][0]["text"]
        assert canary.words[0] in json.dumps(failure["stack"])
        assert "fail" in {frame["function"].rpartition(".")[2] for frame in failure["stack"]}
        assert receipt_of(client, told["request_id"])["is_capsule"] is True
        assert_nothing_left(failing, canary, capsule_of(answer))
        assert pid_of(failing, "engine") == engine
        good = {"text": "And on it goes.", "model_id": MODEL}
        assert client.request("POST", f"{SPEECH}?enable_logging=false", good).status == 200


DIALOGUES = ("stream-input", "multi-stream-input")


def dialogue(watched: Watched, path: str, canary: Canary, context_id: str) -> tuple[dict[str, Any], int]:
    """Say a text in a dialogue with zero retention; return the last message and the code of the close."""
    server = watched.server
    opened_socket = AuditSocket.opened(
        server.url, f"/v1/text-to-dialogue/{path}?enable_logging=false", {"xi-api-key": server.api_key}
    )
    named = {"context_id": context_id} if path.startswith("multi") else {}
    said = {"inputs": [{"text": canary.text, "voice_id": VOICE}], "flush": True}
    opened_socket.say(*(json.dumps(message | named) for message in ({"voices": [VOICE]}, said)))
    code = opened_socket.hear_to_the_close()
    last: dict[str, Any] = json.loads(opened_socket.messages[-1])
    assert not any(canary.words[0].encode() in message for message in opened_socket.messages)
    return last, code


@pytest.mark.parametrize("path", DIALOGUES)
def test_a_dialogue_socket_that_fails_tells_sealed_and_leaves_nothing(failing: Watched, path: str) -> None:
    """C26, C32, T10: the socket says it in its last frame, and the engine goes on."""
    canary, name = failing_text("what a dialogue said"), CanaryMint().plain("a context", 26, is_kept=False)
    engine = pid_of(failing, "engine")
    last, code = dialogue(failing, path, canary, name.words[0])
    assert (last["error"], code) == ("internal_error", 1011)
    told = opened(last["capsule"])
    assert (told["mode"], told["endpoint"].rpartition("/")[2]) == ("zero", path)
    texts = json.dumps(told["request"]["texts"])
    assert all(word in texts for word in canary.words)
    assert canary.words[-1] in told["engine"]["failure"]["errors"][0]["text"]
    assert failing.server.api_key not in json.dumps(told)
    with AuditClient(failing.server.url, failing.server.api_key) as client:
        assert receipt_of(client, told["request_id"])["is_capsule"] is True
    both = dataclasses.replace(canary, words=(*canary.words, *name.words))
    assert_nothing_left(failing, both, last["capsule"])
    assert pid_of(failing, "engine") == engine


@pytest.mark.parametrize("path", DIALOGUES)
def test_without_a_key_a_dialogue_socket_that_fails_tells_nothing_more(failing: Watched, path: str) -> None:
    name_key(failing, "")
    try:
        last, code = dialogue(failing, path, failing_text("what is told to nobody"), "a")
    finally:
        name_key(failing, str(IDENTITY.to_public()))
    assert (last["error"], code) == ("internal_error", 1011)
    assert "capsule" not in last
