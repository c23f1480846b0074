"""The end of an account in a running server: what still runs of it ends cleanly, in both modes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from echoless.cli.operator_door import ask_running
from echoless.crossing.account_records import (
    Census,
    CertificateKeyView,
    CertificateList,
    CertificateView,
    DeleteWorkspace,
    DeletionView,
    FindDeletion,
    GetCertificate,
    GetCertificateKey,
    ListCertificates,
    TakeCensus,
)
from echoless.crossing.operator_records import CreateWorkspace, WorkspaceCreated
from echoless.crossing.records import Record
from echoless.receipts.certificate import verify_certificate
from tests.api.text_sockets import INIT, open_at, open_socket
from tests.fakes.raw_client import SPEECH, open_generations, raw_connection, request_bytes
from tests.fakes.running_server import RunningServer

pytestmark = pytest.mark.api
LONG = "This sentence is said again and again, so that nobody hears its end. " * 60
LIVE = "/v1/speech-to-text/realtime?model_id=scribe_v2_realtime"
DONE_S = 20.0


@dataclass(frozen=True)
class Account:
    workspace_id: str
    key: str


def operate(server: RunningServer, record: Record) -> Record:
    return ask_running(server.data_directory, record)


@pytest.fixture
def account(server: RunningServer) -> Account:
    made = operate(server, CreateWorkspace("short-lived", "enterprise", True))
    assert isinstance(made, WorkspaceCreated)
    return Account(made.workspace_id, made.secret)


def delete(server: RunningServer, account: Account) -> str:
    """Delete an account as the operator does; return its certificate once everything is destroyed."""
    deletion = operate(server, DeleteWorkspace(account.workspace_id))
    assert isinstance(deletion, DeletionView)
    deadline_s = time.monotonic() + DONE_S
    while True:
        found = operate(server, FindDeletion(deletion.deletion_id))
        assert isinstance(found, DeletionView)
        if found.state == "done":
            break
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    certificate = operate(server, GetCertificate(deletion.deletion_id))
    assert isinstance(certificate, CertificateView)
    return certificate.certificate


def last_word(socket: ClientConnection) -> tuple[dict[str, object], int]:
    """Read a socket to its end; return its last message and the code that it closed with."""
    message: dict[str, object] = {}
    try:
        while True:
            message = json.loads(socket.recv(timeout=20))
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return message, closed.rcvd.code


@pytest.mark.claim("Z28")
@pytest.mark.parametrize("logging", ["true", "false"])
def test_requests_of_a_deleted_account_end_and_are_neither_kept_nor_counted(
    server: RunningServer, account: Account, logging: str
) -> None:
    """C54: what was not begun is refused, a begun response is cut, sockets are told why; nobody else notices."""
    query = f"enable_logging={logging}"
    body = json.dumps({"text": LONG}).encode()
    streamed = request_bytes("POST", f"{SPEECH}/stream?output_format=pcm_44100&{query}", body=body, key=account.key)
    unsent = request_bytes("POST", f"{SPEECH}?{query}", "content-length: 1000", key=account.key)
    with (
        raw_connection(server.base_url, receive_buffer_bytes=4096) as stream,
        raw_connection(server.base_url) as waiting,
        raw_connection(server.base_url, receive_buffer_bytes=4096) as bystander,
        open_socket(server, query, key=account.key) as text_socket,
        open_at(server, f"{LIVE}&{query}", account.key) as live_socket,
    ):
        stream.send(streamed)
        bystander.send(request_bytes("POST", f"{SPEECH}?output_format=pcm_44100", body=body, key=server.api_key))
        answer, other = stream.head(), bystander.head()
        assert answer is not None and other is not None
        assert answer.headers["x-echoless-retention"] == ("default" if logging == "true" else "zero")
        waiting.send(unsent)
        text_socket.send(json.dumps(INIT))
        text_socket.send(json.dumps({"text": "A sentence that is being said. "}))
        json.loads(live_socket.recv(timeout=20))
        certificate = delete(server, account)
        for _ in stream.pieces(answer):
            pass
        assert not answer.is_whole
        refused = waiting.answer()
        assert refused is not None
        assert (refused.status, refused.code) == (401, "invalid_api_key")
        message, code = last_word(text_socket)
        assert (message["error"], code) == ("invalid_api_key", 1008)
        message, code = last_word(live_socket)
        assert (message["message_type"], code) == ("auth_error", 1008)
        for _ in bystander.pieces(other):
            pass
        assert other.is_whole
    census = operate(server, TakeCensus(account.workspace_id))
    assert isinstance(census, Census)
    assert set(census.rows.values()) == {0}
    assert server.request("GET", "/v1/history", key=account.key)[0] == 401
    key = operate(server, GetCertificateKey())
    assert isinstance(key, CertificateKeyView)
    assert verify_certificate(certificate, key.members)["workspace_id"] == account.workspace_id
    assert not open_generations(server.base_url, server.api_key)


@pytest.mark.claim("Z28")
def test_a_certificate_and_its_key_outlive_the_account_over_http(server: RunningServer, account: Account) -> None:
    """C54: whoever noted the id fetches the certificate without a key, and checks it with the public one."""
    certificate = delete(server, account)
    listed = operate(server, ListCertificates())
    assert isinstance(listed, CertificateList)
    keys = json.loads(server.request("GET", "/v1/deletion-certificates/keys", key=None)[2])["keys"]
    found = []
    for certificate_id in listed.certificate_ids:
        status, _, body = server.request("GET", f"/v1/deletion-certificates/{certificate_id}", key=None)
        assert status == 200
        found.append(json.loads(body)["certificate"])
    assert certificate in found
    assert verify_certificate(certificate, keys[0])["workspace_id"] == account.workspace_id
    assert server.request("GET", "/v1/deletion-certificates/" + "x" * 20, key=None)[0] == 404


def test_a_key_cannot_delete_its_workspace(server: RunningServer, account: Account) -> None:
    status, _, body = server.request("DELETE", "/v1/workspace", key=account.key)
    assert (status, json.loads(body)["detail"]["code"]) == (401, "missing_permissions")
    assert server.request("GET", "/v1/workspace/deletion", key=account.key)[0] == 404
