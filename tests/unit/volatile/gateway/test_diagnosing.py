"""The diagnosis of a failed zero-retention request: sealed, whole, bounded, and nowhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pyrage
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_api_key
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import OpenTicket, Record
from echoless.crossing.told_values import WITHHELD
from echoless.receipts.capsule import CAPSULE_BYTES_MAX, DIAGNOSIS_BYTES_MAX, open_capsule
from echoless.volatile.gateway import diagnosing
from echoless.volatile.gateway.diagnosing import is_diagnosed
from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.traces import Traces
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.fake_media import FakeMedia
from tests.fakes.fake_vault import API_KEY
from tests.fakes.gateway import VOICE_ID, Gateway, Reply, running_gateway
from tests.fakes.socket_gateway import SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = f"/v1/text-to-speech/{VOICE_ID}?enable_logging=false"
IDENTITY = pyrage.x25519.Identity.generate()
TEXT = "The harbour seal slept through the storm."


@asynccontextmanager
async def failing_gateway(
    error_code: str = "internal_error", *, key: str = str(IDENTITY.to_public())
) -> AsyncIterator[Gateway]:
    async with running_gateway(FakeEngine(b"")) as gateway:
        gateway.engine.error_code = error_code
        gateway.vault.capsule_key = key
        yield gateway


def opened(reply: Reply) -> Any:
    return json.loads(open_capsule(reply.json["detail"]["capsule"], [IDENTITY]))


@pytest.mark.claim("Z35")
async def test_failed_zero_request_brings_its_sealed_diagnosis_and_says_so_at_its_close() -> None:
    async with failing_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": TEXT, "seed": 77, "model_id": "eleven_flash_v2"})
        told = opened(reply)
        assert reply.status == 500
        assert TEXT.encode() not in reply.body
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.is_capsule
    assert (told["endpoint"], told["mode"]) == ("POST /v1/text-to-speech/{voice}", "zero")
    assert told["request_id"] == reply.json["detail"]["request_id"]
    assert told["parameters"]["path"] == [VOICE_ID]
    assert told["request"]["body"] == {"text": TEXT, "seed": 77, "model_id": "eleven_flash_v2"}
    assert told["request"]["job"]["text"] == TEXT
    assert told["errors"][0]["code"] == "internal_error"
    assert told["engine"]["engine_processes"] == 1
    assert told["engine"]["failure"] == {"errors": [{"text": "no voice"}]}
    functions = [frame["function"] for frame in told["stack"]]
    assert "speak_order" in functions
    assert any(TEXT in json.dumps(frame.get("values")) for frame in told["stack"])


@pytest.mark.claim("Z35")
async def test_without_a_key_nothing_is_made_and_the_error_is_as_ever() -> None:
    async with failing_gateway(key="") as gateway:
        reply = await gateway.ask("POST", PATH, {"text": TEXT})
        assert set(reply.json["detail"]) == {"type", "code", "status", "message", "request_id"}
        assert gateway.vault.last.closed is not None
        assert not gateway.vault.last.closed.is_capsule
        assert not gateway.engine.jobs[0].speak.wants_diagnosis


async def test_but_for_the_capsule_the_error_is_as_ever() -> None:
    async with failing_gateway() as gateway:
        detail = (await gateway.ask("POST", PATH, {"text": TEXT})).json["detail"]
    assert set(detail) == {"type", "code", "status", "message", "request_id", "capsule"}


async def test_a_kept_request_makes_none_even_where_a_vault_names_a_key() -> None:
    async with failing_gateway() as gateway:
        granting = gateway.vault._open
        key = gateway.vault.capsule_key

        def grant(question: OpenTicket) -> Record:
            return msgspec.structs.replace(granting(question), capsule_key=key)

        gateway.vault._open = grant  # type: ignore[method-assign]  # a vault that says too much
        reply = await gateway.ask("POST", PATH.partition("?")[0], {"text": TEXT})
        assert reply.status == 500
        assert "capsule" not in reply.json["detail"]
        assert "capsule" in (await gateway.ask("POST", PATH, {"text": TEXT})).json["detail"]


async def test_when_a_request_has_ended_nothing_of_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Traces] = []
    beginning = Traces.begin

    def begin(traces: Traces, key: str) -> None:
        seen.append(traces)
        beginning(traces, key)

    monkeypatch.setattr(Traces, "begin", begin)
    async with failing_gateway() as gateway:
        await gateway.ask("POST", PATH, {"text": TEXT})
    async with failing_sockets() as sockets:
        await sockets.talk(f"{SOCKET}?enable_logging=false", {"text": " "}, {"text": f"{TEXT} ", "flush": True})
    assert len(seen) == 2
    assert [traces.parts() for traces in seen] == [{}, {}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PATH, {"text": ""}),
        (PATH, {"text": TEXT, "enable_logging": False}),
        (PATH.replace(VOICE_ID, "nobody"), {"text": TEXT}),
        ("/v1/music?enable_logging=false", {"text": TEXT}),
        (PATH + "&enable_logging=true", {"text": TEXT}),
    ],
)
async def test_a_refusal_makes_none(path: str, body: dict[str, Any]) -> None:
    async with failing_gateway() as gateway:
        reply = await gateway.ask("POST", path, body)
        assert 400 <= reply.status < 500
        assert b"capsule" not in reply.body


async def test_no_credential_is_in_it() -> None:
    async with failing_gateway() as gateway:
        key = new_api_key()
        told = json.dumps(opened(await gateway.ask("POST", f"{PATH}&xi-api-key={API_KEY}", {"text": f"a {key}"})))
    assert key not in told
    assert API_KEY not in told


async def test_nothing_that_the_server_knows_of_itself_is_in_it() -> None:
    async with failing_gateway() as gateway:
        told = opened(await gateway.ask("POST", PATH, {"text": TEXT}))
    calls = [frame["values"]["call"] for frame in told["stack"] if "call" in frame.get("values", {})]
    assert calls
    for call in calls:
        assert (call["settings"], call["services"], call["base_url"]) == (WITHHELD,) * 3


@pytest.mark.claim("Z35")
async def test_a_conversion_that_fails_answers_as_without_a_key_and_brings_its_diagnosis() -> None:
    parts = b'--b\r\ncontent-disposition: form-data; name="audio"; filename="a"\r\n\r\nno sound\r\n--b--\r\n'
    media = FakeMedia()
    media.error_code = "invalid_audio"
    async with running_gateway(media=media) as gateway:
        for key in ("", str(IDENTITY.to_public())):
            gateway.vault.capsule_key = key
            reply = await gateway.ask(
                "POST", f"/v1/speech-to-speech/{VOICE_ID}?enable_logging=false", parts,
                headers={"xi-api-key": API_KEY, "content-type": "multipart/form-data; boundary=b"},
            )  # fmt: skip
            assert (reply.status, reply.code) == (400, "invalid_audio")
        assert opened(reply)["engine"]["failure"] == {"errors": [{"text": "no sound"}]}


async def test_an_error_of_nobody_is_told_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        said = TEXT
        raise ValueError(f"cannot speak {said}")

    monkeypatch.setattr("echoless.volatile.gateway.speaking.check_kept", broken)
    async with failing_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"text": TEXT})
        told = opened(reply)
        assert reply.status == 500
        assert TEXT not in str(gateway.journal.events)
    assert told["errors"][0] == {"type": "ValueError", "text": f"cannot speak {TEXT}"}
    assert told["stack"][-1]["function"].endswith("broken")
    assert told["stack"][-1]["values"]["said"] == TEXT


async def test_whatever_the_request_holds_the_capsule_has_a_bound() -> None:
    body = {"text": "seal " * 1900, "previous_text": "\u2028" * 40_000, "voice_settings": {"stability": 0.5}}
    async with failing_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body)
        told = opened(reply)
    assert len(reply.json["detail"]["capsule"]) <= CAPSULE_BYTES_MAX
    assert told["request"]["body"]["text"].startswith("seal seal")
    assert told["stack"]


async def test_measures_go_on_until_it_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    for bytes_max in (DIAGNOSIS_BYTES_MAX, 8000, 4000):
        monkeypatch.setattr(diagnosing, "DIAGNOSIS_BYTES_MAX", bytes_max)
        async with failing_gateway() as gateway:
            told = opened(await gateway.ask("POST", PATH, {"text": TEXT * 200}))
        sizes.append(len(json.dumps(told)))
        assert told["errors"]
    assert sizes == sorted(sizes, reverse=True)


async def test_what_cannot_be_sealed_changes_nothing_for_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    async with failing_gateway(key="age1broken") as gateway:
        reply = await gateway.ask("POST", PATH, {"text": TEXT})
        assert reply.status == 500
        assert "capsule" not in reply.json["detail"]
        assert gateway.vault.last.closed is not None
        assert not gateway.vault.last.closed.is_capsule


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (EcholessError(ErrorCode.INTERNAL_ERROR, ""), True),
        (EcholessError(ErrorCode.ENGINE_UNAVAILABLE, ""), True),
        (EcholessError(ErrorCode.INVALID_AUDIO, ""), True), (EcholessError(ErrorCode.REQUEST_TIMEOUT, ""), True),
        (ValueError(), True), (ClientLeftError(), False), (UnprocessableError([]), False),
        (EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, ""), False),
        (EcholessError(ErrorCode.CONTENT_AGAINST_POLICY, ""), False),
        (EcholessError(ErrorCode.QUOTA_EXCEEDED, ""), False), (KeyboardInterrupt(), False),
    ],
)  # fmt: skip
async def test_failures_are_told_and_refusals_are_not(error: BaseException, is_told: bool) -> None:
    assert is_diagnosed(error) is is_told


SOCKET = f"/v1/text-to-speech/{VOICE_ID}/stream-input"
REALTIME = "/v1/speech-to-text/realtime?model_id=scribe_v2_realtime&enable_logging=false&keyterms=harbour"


@asynccontextmanager
async def failing_sockets(*, key: str = str(IDENTITY.to_public())) -> AsyncIterator[SocketGateway]:
    async with socket_gateway() as gateway:
        gateway.vault.capsule_key = key
        gateway.engine.error_code = gateway.live.error_code = "internal_error"
        yield gateway


@pytest.mark.claim("Z35")
@pytest.mark.parametrize("path", [SOCKET, SOCKET.replace("stream-input", "multi-stream-input")])
async def test_a_socket_that_fails_says_its_diagnosis_in_its_last_frame(path: str) -> None:
    said = {"text": f"{TEXT} ", "flush": True, "xi_api_key": API_KEY}
    async with failing_sockets() as gateway:
        heard = await gateway.talk(f"{path}?enable_logging=false", {"text": " "}, said, {"text": ""})
        told = json.loads(open_capsule(heard.messages[-1]["capsule"], [IDENTITY]))
        closed = [kept.closed for kept in gateway.vault.tickets.values() if kept.closed is not None]
        assert any(one.is_capsule for one in closed)
    assert heard.close_code == 1011
    assert heard.messages[-1]["error"] == "internal_error"
    assert any(TEXT in text for text in told["request"]["texts"])
    assert API_KEY not in json.dumps(told)
    assert "_pass" in json.dumps(told["stack"])


async def test_a_socket_without_a_key_fails_as_ever() -> None:
    async with failing_sockets(key="") as gateway:
        heard = await gateway.talk(f"{SOCKET}?enable_logging=false", {"text": " "}, {"text": TEXT, "flush": True})
        assert set(heard.messages[-1]) == {"message", "error", "code"}
        assert gateway.vault.last.closed is not None
        assert not gateway.vault.last.closed.is_capsule


async def test_text_that_has_been_spoken_is_not_remembered_by_an_open_socket() -> None:
    async with failing_sockets() as gateway:
        gateway.engine.error_code = ""
        opened = await gateway.open(f"{SOCKET}?enable_logging=false")
        for text in (" ", f"{TEXT} "):
            await opened.send(json.dumps({"text": text, "flush": text != " "}))
        assert json.loads(await opened.recv())["audio"]
        gateway.engine.error_code = "internal_error"
        await opened.send(json.dumps({"text": "And again. ", "flush": True}))
        while "capsule" not in (message := json.loads(await opened.recv())):
            pass
        told = json.loads(open_capsule(message["capsule"], [IDENTITY]))
        await gateway.settle()
    assert told["request"]["texts"] == ["And again. "]


DIALOGUES = ("/v1/text-to-dialogue/stream-input", "/v1/text-to-dialogue/multi-stream-input")
VOICES: dict[str, Any] = {"voices": [VOICE_ID], "context_id": "ward"}


def said_in_dialogue(text: str) -> dict[str, Any]:
    return {"inputs": [{"text": text, "voice_id": VOICE_ID}], "flush": True, "context_id": "ward"}


@pytest.mark.claim("Z35")
@pytest.mark.parametrize("path", DIALOGUES)
async def test_a_dialogue_socket_that_fails_says_its_diagnosis_in_its_last_frame(path: str) -> None:
    async with failing_sockets() as gateway:
        messages = [VOICES | {"xi_api_key": API_KEY}, said_in_dialogue(TEXT)]
        if path.endswith("/stream-input"):
            messages = [{name: value for name, value in each.items() if name != "context_id"} for each in messages]
        heard = await gateway.talk(f"{path}?enable_logging=false", *messages)
        told = json.loads(open_capsule(heard.messages[-1]["capsule"], [IDENTITY]))
        closed = [kept.closed for kept in gateway.vault.tickets.values() if kept.closed is not None]
        assert any(one.is_capsule for one in closed)
    assert (heard.close_code, heard.messages[-1]["error"]) == (1011, "internal_error")
    assert told["endpoint"].rpartition("/")[2] == path.rpartition("/")[2]
    assert TEXT in json.dumps(told["request"]["texts"])
    assert TEXT not in json.dumps({**heard.messages[-1], "capsule": ""})
    assert API_KEY not in json.dumps(told)


@pytest.mark.parametrize("is_kept", [False, True])
async def test_a_dialogue_socket_without_a_key_or_that_is_kept_fails_as_ever(is_kept: bool) -> None:
    async with failing_sockets(key=str(IDENTITY.to_public()) if is_kept else "") as gateway:
        said = said_in_dialogue(TEXT)
        del said["context_id"]
        query = "" if is_kept else "?enable_logging=false"
        heard = await gateway.talk(f"{DIALOGUES[0]}{query}", {"voices": [VOICE_ID]}, said)
        assert (heard.close_code, set(heard.messages[-1])) == (1011, {"message", "error", "code"})


async def test_a_dialogue_that_has_been_spoken_is_not_remembered_by_an_open_socket() -> None:
    async with failing_sockets() as gateway:
        gateway.engine.error_code = ""
        opened = await gateway.open(f"{DIALOGUES[1]}?enable_logging=false")
        for message in (VOICES, said_in_dialogue(TEXT)):
            await opened.send(json.dumps(message))
        while "is_final_audio_for_turn" not in json.loads(await opened.recv()):
            pass
        gateway.engine.error_code = "internal_error"
        await opened.send(json.dumps(said_in_dialogue("And again. ")))
        while "capsule" not in (message := json.loads(await opened.recv())):
            pass
        told = json.loads(open_capsule(message["capsule"], [IDENTITY]))
        await gateway.settle()
    assert [said["piece"]["text"] for said in told["request"]["texts"]] == ["And again. "]
    assert TEXT not in json.dumps(told)


async def test_a_live_session_that_fails_says_its_diagnosis() -> None:
    audio = base64.b64encode(bytes(range(128)) * 50).decode()
    chunk = {"message_type": "input_audio_chunk", "audio_base_64": audio, "sample_rate": 16000}
    async with failing_sockets() as gateway:
        heard = await gateway.talk(REALTIME, chunk)
        told = json.loads(open_capsule(heard.messages[-1]["capsule"], [IDENTITY]))
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.is_capsule
    assert heard.messages[-1]["message_type"] == "transcriber_error"
    assert ["keyterms", "harbour"] in told["request"]["query"]
    assert told["request"]["heard_bytes"] == 6400
