"""The logs of a running server: what they hold of default requests, and that no address is in any of them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from elevenlabs import ElevenLabs

from echoless.cli.operator_door import ask_running
from echoless.crossing.member_records import MemberList, OperatorAddMember
from tests.api.text_sockets import END, INIT, VOICE, open_socket, rest_of, send
from tests.fakes.running_server import RunningServer, running_server

pytestmark = pytest.mark.api
LOCAL, DOMAIN = "quentin.logcanary", "clinic-91c4.example"
ADDRESS = f"{LOCAL}@{DOMAIN}"
NAME, PASSWORD = "Quentinlogcanary", "a long password of several words"
SPEECH = f"/v1/text-to-speech/{VOICE}?output_format=pcm_8000"
TOKEN = "scrape-token-0123456789"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of this module's own, whose whole directory is searched."""
    directory = tmp_path_factory.mktemp("logs")
    token = directory / "token"
    token.write_text(TOKEN)
    variables = {"ECHOLESS_METRICS_TOKEN_FILE": str(token)}
    with running_server(directory, "--engines", "1", "--gateways", "1", variables=variables) as running:
        yield running


@pytest.fixture(scope="module")
def workspace_id(server: RunningServer) -> str:
    subscription = json.loads(server.request("GET", "/v1/user")[2])
    listed = echoless(server, "workspace", "list")
    assert subscription["user_id"]
    return listed.split("\t", 1)[0]


@pytest.fixture(scope="module")
def session(server: RunningServer, workspace_id: str) -> str:
    """A member who is logged in; what they send is sent under their session."""
    member = OperatorAddMember(workspace_id, ADDRESS, "admin", PASSWORD, NAME, is_owner=True)
    assert isinstance(ask_running(server.data_directory, member), MemberList)
    credentials = {"email": ADDRESS, "password": PASSWORD}
    status, _, body = server.request("POST", "/v1/workspace/login", credentials, key=None)
    assert status == 200, body
    found = json.loads(body)
    return str(next(value for value in found.values() if isinstance(value, str) and value.startswith("es_")))


@pytest.fixture
def client(server: RunningServer) -> Iterator[ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


def echoless(server: RunningServer, *words: str) -> str:
    """Run a command on the server's directory and return what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECHOLESS_")}
    environment["ECHOLESS_DATA"] = str(server.data_directory)
    command = [sys.executable, "-m", "echoless", *words]
    return subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60).stdout.decode()


def forms(text: str) -> list[bytes]:
    """The forms that an address might be written in."""
    plain = text.encode()
    encoded = [base64.b64encode(bytes(shift) + plain)[4:-4] for shift in range(3)]
    return [plain, plain.upper(), text.encode("utf-16-le"), plain.hex().encode(), *encoded]


def holders(server: RunningServer, words: list[str]) -> set[str]:
    """The files of the server that hold one of the words in any form."""
    needles = [form for word in words for form in forms(word)]
    found = set()
    for path in server.data_directory.parent.rglob("*"):
        if path.is_file() and any(needle in path.read_bytes() for needle in needles):
            found.add(str(path.relative_to(server.data_directory.parent)))
    return found


def zero_traffic(server: RunningServer, credential: str) -> None:
    """Requests under zero retention that end in every way, the address in whatever a client fills."""
    mark = {"user-agent": ADDRESS, "from": ADDRESS, "x-trace": ADDRESS}
    off = "&enable_logging=false"
    for index in range(100):
        body = {"text": f"Hello number {index}.", "model_id": "eleven_flash_v2"}
        assert server.request("POST", SPEECH + off, body, key=credential, headers=mark)[0] == 200
    for path, body in (
        (SPEECH + off, {"text": "Hello.", "model_id": ADDRESS}),
        (SPEECH + off, {"text": ADDRESS, "voice_settings": {"stability": ADDRESS}}),
        (f"/v1/text-to-speech/{ADDRESS}?enable_logging=false", {"text": "Hello."}),
        (f"{SPEECH}{off}&optimize_streaming_latency={ADDRESS}", {"text": "Hello."}),
        ("/v1/music?enable_logging=false", {"prompt": ADDRESS}),
    ):
        assert server.request("POST", path, body, key=credential, headers=mark)[0] >= 400
    with open_socket(server, "enable_logging=false") as opened:
        send(opened, INIT, {"text": f"{ADDRESS} "}, END)
        rest_of(opened)


def shown_logs(server: RunningServer, workspace_id: str) -> str:
    """Everything that is a log and that anybody may read."""
    words = ("--workspace", workspace_id, "--reason", "a test", "--json")
    read = [echoless(server, "logs", log, *words) for log in ("debug", "moderation")]
    read.append(server.request("POST", "/v1/workspace/analytics/requests", {"limit": 1000})[2].decode())
    for path in ("/v1/workspace/audit-logs", "/v1/usage/character-stats?start_unix=0&end_unix=9999999999999"):
        read.append(server.request("GET", path)[2].decode())
    read.append(
        server.request("GET", "/metrics", headers={"authorization": f"Bearer {TOKEN}"}, key=None)[2].decode()
    )
    read.append(server.output())
    return "\n".join(read)


@pytest.mark.claim("Z25")
@pytest.mark.seed("S3")
@pytest.mark.seed("S3.10")
def test_no_address_of_an_account_is_in_any_log_or_file_after_zero_requests(
    server: RunningServer, workspace_id: str, session: str
) -> None:
    """C31, acceptance check 12: by whoever is logged in and by key; every file, every log that can be read, and all
    that the server said. The controls: the account has the address, and the search finds a file that holds it.
    """
    for credential in (session, ""):
        zero_traffic(server, credential)
    assert ADDRESS in echoless(server, "member", "list")
    read = shown_logs(server, workspace_id)
    assert "text_to_speech" in read
    for word in (ADDRESS, LOCAL, DOMAIN, NAME):
        assert word.lower() not in read.lower(), word
    planted = server.data_directory.parent / "planted"
    planted.write_bytes(b"x" + base64.b64encode(ADDRESS.encode() * 2))
    assert holders(server, [ADDRESS]) == {"planted"}
    planted.unlink()
    assert holders(server, [ADDRESS, LOCAL, DOMAIN, NAME]) == set()


@pytest.mark.claim("Z25")
def test_an_operator_reads_what_a_default_request_said_with_a_reason_and_the_workspace_sees_that(
    server: RunningServer, workspace_id: str
) -> None:
    said = "The pump is in the cellar."
    assert server.request("POST", SPEECH, {"text": said})[0] == 200
    zero = server.request("POST", f"{SPEECH}&enable_logging=false", {"text": "Nobody hears this."})
    read = echoless(server, "logs", "debug", "--workspace", workspace_id, "--reason", "ticket 88", "--json")
    entries = [json.loads(line) for line in read.splitlines()]
    assert entries[0]["text"] == said
    assert "Nobody hears" not in read
    assert zero[1]["request-id"] not in read
    trail = server.request("GET", "/v1/workspace/audit-logs")[2].decode()
    assert "logs.read_debug" in trail
    assert "ticket 88" in trail
    assert holders(server, [said, "ticket 88"]) == set()


@pytest.mark.claim("Z25")
def test_a_clients_history_is_deleted_by_the_official_client_and_by_one_request(
    server: RunningServer, workspace_id: str, client: ElevenLabs
) -> None:
    """Audio and text at once; the debug log keeps its entry until the workspace wishes otherwise."""
    for index in range(6):
        b"".join(
            client.text_to_speech.convert(VOICE, text=f"Item {index} of a history.", model_id="eleven_flash_v2")
        )
    items = client.history.list(page_size=100).history
    client.history.delete(items[0].history_item_id)
    words = ("--workspace", workspace_id, "--reason", "a test", "--json")
    assert items[0].history_item_id in echoless(server, "logs", "debug", *words)
    status, _, body = server.request("PATCH", "/v1/workspace/logs", {"erase_logs_with_item": True})
    assert (status, json.loads(body)["erase_logs_with_item"]) == (200, True)
    named = [item.history_item_id for item in items[1:3]]
    status, _, body = server.request("POST", "/v1/history/deletions", {"history_item_ids": named})
    assert (status, json.loads(body)["deleted_count"]) == (200, 2)
    left = echoless(server, "logs", "debug", *words)
    assert not [item_id for item_id in named if item_id in left]
    printed = echoless(server, "history", "delete", "--workspace", workspace_id, "--every-item", "--yes")
    assert printed.endswith("items deleted\n")
    assert client.history.list().history == []
    assert list(_objects(server)) == []


def _objects(server: RunningServer) -> Iterator[Path]:
    return (path for path in (server.data_directory / "objects").rglob("*") if path.is_file())
