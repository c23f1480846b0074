"""A failed zero-retention request leaves a sealed diagnosis with its client, and nothing with the server."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyrage
import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import Answer, AuditClient
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.disk_scan import scan_directory
from echoless.audit.search.memory_scan import scan_memory
from echoless.audit.search.needles import audio_needles, text_needles
from echoless.core.processes import family_of
from echoless.receipts.capsule import open_capsule
from tests.leak.conftest import SCRUB_DEADLINE_S, Watched, watching

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z35")]
IDENTITY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server whose workspace has a capsule key."""
    for server in watching(tmp_path_factory.mktemp("capsules"), "--engines", "1", "--gateways", "1"):
        with AuditClient(server.server.url, server.server.api_key) as client:
            body = {"capsule_key": str(IDENTITY.to_public())}
            assert client.request("PATCH", "/v1/workspace/zero-retention", body).status == 200
        yield server


def opened(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(open_capsule(json.loads(answer.body)["detail"]["capsule"], [IDENTITY]))
    return told


def assert_nothing_left(watched: Watched, canary: Canary, answer: Answer) -> None:
    time.sleep(SCRUB_DEADLINE_S)
    capsule = json.loads(answer.body)["detail"]["capsule"].encode()
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
        told = opened(answer)
        assert canary.words[0] in json.dumps(told["request"]["form"])
        assert told["request"]["file_bytes"] == 3 * len(canary.text)
        # The media process, which stays, has told what it saw.
        assert told["engine"]["failure"]["errors"][0]["code"] == "invalid_audio"
        assert told["engine"]["failure"]["stack"]
        assert receipt_of(client, told["request_id"])["is_capsule"] is True
        assert_nothing_left(sealing, canary, answer)


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
    told = opened(answer)
    assert told["request"]["body"]["text"] == canary.text
    assert told["request"]["job"]["text"] == canary.text
    assert any(frame.get("values") for frame in told["stack"])
    assert_nothing_left(sealing, canary, answer)
