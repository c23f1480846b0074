"""Members over HTTP: the official client's methods, and logging in and out, which are ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.people import PASSWORD
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z22")]
OWNER, EDITOR, VIEWER = "owner@example.org", "editor@example.org", "viewer@example.org"
SPEECH = "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb?output_format=pcm_16000"


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own with an owner, an editor and a viewer."""
    with running_server(tmp_path_factory.mktemp("people"), "--engines", "1", "--gateways", "1") as server:
        for address, role in ((OWNER, "admin"), (EDITOR, "editor"), (VIEWER, "viewer")):
            operate(server, "add", address, "--role", role, "--password-stdin", stdin=PASSWORD)
        yield server


def operate(server: RunningServer, *words: str, stdin: str = "") -> str:
    """Run `echoless member` on the server's data."""
    command = [sys.executable, "-m", "echoless", "member", *words, "--data", str(server.data_directory)]
    done = subprocess.run(command, input=stdin + "\n", capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def log_in(server: RunningServer, address: str, password: str = PASSWORD) -> dict[str, Any]:
    status, _, body = server.request(
        "POST", "/v1/workspace/login", {"email": address, "password": password}, key=None
    )
    assert status == 200, body
    session: dict[str, Any] = json.loads(body)
    return session


def code_of(body: bytes) -> str:
    return str(json.loads(body)["detail"]["code"])


@pytest.fixture
def client(peopled: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(
            base_url=peopled.base_url, api_key=log_in(peopled, OWNER)["token"], httpx_client=connections
        )


def test_a_session_speaks_like_a_key_and_as_a_bearer(peopled: RunningServer) -> None:
    token = log_in(peopled, EDITOR)["token"]
    status, _, sound = peopled.request("POST", SPEECH, {"text": "Hello."}, key=token)
    assert status == 200 and len(sound) > 1000
    bearer = {"authorization": f"Bearer {token}"}
    status, headers, _ = peopled.request(
        "POST", SPEECH + "&enable_logging=false", {"text": "Hello."}, headers=bearer, key=None
    )
    assert (status, headers["x-echoless-retention"]) == (200, "zero")
    status, _, body = peopled.request("GET", "/v1/user", key=token)
    assert status == 200 and json.loads(body)["seat_type"] == "workspace_member"


def test_each_role_may_do_what_it_may_and_no_more(peopled: RunningServer) -> None:
    invitation = {"email": "new@example.org", "seat_type": "workspace_lite_member"}
    asked = (
        ("POST", SPEECH, {"text": "Hello."}), ("GET", "/v1/history", None), ("GET", "/v1/workspace/members", None),
        ("POST", "/v1/workspace/invites/add", invitation), ("GET", "/v1/workspace/audit-logs", None),
        ("PATCH", "/v1/workspace/zero-retention", {}), ("POST", "/v1/service-accounts", {"name": "machine"}),
    )  # fmt: skip
    found = {}
    for address in (OWNER, EDITOR, VIEWER):
        token = log_in(peopled, address)["token"]
        found[address] = [peopled.request(method, path, body, key=token)[0] for method, path, body in asked]
    assert found[OWNER] == [200] * 7
    assert found[EDITOR] == [200, 200, 200, 401, 401, 401, 401]
    assert found[VIEWER] == [401, 200, 200, 401, 401, 401, 401]


def test_a_revoked_session_is_refused_at_once_and_for_ever(peopled: RunningServer) -> None:
    first, second = log_in(peopled, EDITOR), log_in(peopled, EDITOR)
    status, _, body = peopled.request("GET", "/v1/workspace/sessions", key=first["token"])
    shown = {one["session_id"]: one["is_current"] for one in json.loads(body)["sessions"]}
    assert status == 200 and shown[first["session_id"]] and not shown[second["session_id"]]
    assert first["token"].encode() not in body and second["token"].encode() not in body
    path = f"/v1/workspace/sessions/{second['session_id']}"
    assert peopled.request("DELETE", path, key=first["token"])[0] == 200
    for _ in range(2):
        status, _, body = peopled.request("GET", "/v1/user", key=second["token"])
        assert (status, code_of(body)) == (401, "invalid_api_key")
    assert peopled.request("POST", "/v1/workspace/logout", key=first["token"])[0] == 200
    assert peopled.request("GET", "/v1/user", key=first["token"])[0] == 401


def test_a_session_of_somebody_else_is_not_found(peopled: RunningServer) -> None:
    theirs, mine = log_in(peopled, EDITOR), log_in(peopled, VIEWER)
    path = "/v1/workspace/sessions/"
    answers = [
        peopled.request("DELETE", path + name, key=mine["token"]) for name in (theirs["session_id"], "a" * 20)
    ]
    details = [json.loads(body)["detail"] | {"request_id": ""} for _, _, body in answers]
    assert [status for status, _, _ in answers] == [404, 404] and details[0] == details[1]
    assert peopled.request("GET", "/v1/user", key=theirs["token"])[0] == 200


def test_wrong_passwords_are_answered_alike_then_slowed_with_a_time_to_come_again(peopled: RunningServer) -> None:
    operate(peopled, "add", "guessed@example.org", "--password-stdin", stdin=PASSWORD)
    for address in ("guessed@example.org", "nobody@example.org"):
        wrong = {"email": address, "password": "a wrong word, but long"}
        seen = [peopled.request("POST", "/v1/workspace/login", wrong, key=None) for _ in range(4)]
        assert [status for status, _, _ in seen] == [401, 401, 401, 429]
        assert code_of(seen[0][2]) == "invalid_credentials"
        assert int(seen[3][1]["retry-after"]) >= 1


def test_the_official_client_manages_members_and_invitations(
    client: elevenlabs.ElevenLabs, peopled: RunningServer
) -> None:
    workspace = client.workspace
    listed = {one.email: one for one in workspace.members.list()}
    assert (listed[OWNER].seat_type, listed[OWNER].is_owner) == ("workspace_admin", True)
    assert listed[VIEWER].seat_type == "workspace_lite_member"
    token = log_in(peopled, VIEWER)["token"]
    assert workspace.members.update(email=VIEWER, workspace_seat_type="workspace_member").status == "ok"
    assert peopled.request("POST", SPEECH, {"text": "Hello."}, key=token)[0] == 200
    assert workspace.members.update(email=VIEWER, workspace_seat_type="workspace_lite_member").status == "ok"
    assert peopled.request("POST", SPEECH, {"text": "Hello."}, key=token)[0] == 401
    assert workspace.members.update(email=VIEWER, is_locked=True).status == "ok"
    assert peopled.request("GET", "/v1/user", key=token)[0] == 401
    workspace.members.update(email=VIEWER, is_locked=False)
    # Who was locked out logs in anew: the session is not given back.
    assert peopled.request("GET", "/v1/user", key=token)[0] == 401
    assert workspace.invites.create(email="guest@example.org", seat_type="workspace_member").status == "ok"
    assert workspace.invites.create_batch(emails=["a@example.org", "b@example.org"]).status == "ok"
    assert "invited" in operate(peopled, "list")
    assert workspace.invites.delete(email="guest@example.org").status == "ok"
    with pytest.raises(ApiError) as gone:
        workspace.invites.delete(email="guest@example.org")
    assert gone.value.status_code == 404


def test_a_usage_limit_binds_a_member_whatever_the_retention(
    client: elevenlabs.ElevenLabs, peopled: RunningServer
) -> None:
    """C12: what a member may use moves for zero-retention requests too."""
    session = log_in(peopled, EDITOR)
    used = len("Hello.")
    client.workspace.members.update_usage_limit(session["user_id"], usage_limit=10**6)
    body = {"text": "Hello."}
    assert peopled.request("POST", SPEECH + "&enable_logging=false", body, key=session["token"])[0] == 200
    client.workspace.members.update_usage_limit(session["user_id"], usage_limit=used - 1)
    for switch in ("", "&enable_logging=false"):
        status, _, answer = peopled.request("POST", SPEECH + switch, body, key=session["token"])
        assert (status, code_of(answer)) == (401, "quota_exceeded")
    peopled.request("PUT", f"/v1/workspace/members/{session['user_id']}/usage-limit", {"usage_limit": None})
    assert peopled.request("POST", SPEECH, body, key=session["token"])[0] == 200


def test_the_official_client_manages_groups(client: elevenlabs.ElevenLabs, peopled: RunningServer) -> None:
    status, _, body = peopled.request("POST", "/v1/workspace/groups", {"name": "readers"})
    group_id = json.loads(body)["id"]
    groups = client.workspace.groups
    assert status == 200 and groups.list()[group_id].name == "readers"
    assert groups.members.add(group_id, email=VIEWER).status == "ok"
    (found,) = groups.search(name="readers")
    assert (found.id, found.members_emails) == (group_id, [VIEWER])
    assert groups.search(name="nobody") == []
    assert groups.members.remove(group_id, email=VIEWER).status == "ok"
    assert groups.list()[group_id].members == []
    assert peopled.request("DELETE", f"/v1/workspace/groups/{group_id}")[0] == 200
    with pytest.raises(ApiError) as gone:
        groups.members.add(group_id, email=VIEWER)
    assert gone.value.status_code == 404


def test_a_changed_password_closes_other_sessions(peopled: RunningServer) -> None:
    operate(peopled, "add", "changing@example.org", "--password-stdin", stdin=PASSWORD)
    own, other = (log_in(peopled, "changing@example.org") for _ in range(2))
    change = {"old_password": PASSWORD, "new_password": "another long word"}
    wrong = change | {"old_password": "not the old one"}
    status, _, body = peopled.request("POST", "/v1/workspace/password", wrong, key=own["token"])
    assert (status, code_of(body)) == (401, "invalid_credentials")
    assert peopled.request("POST", "/v1/workspace/password", change, key=own["token"])[0] == 200
    assert peopled.request("GET", "/v1/user", key=other["token"])[0] == 401
    assert peopled.request("GET", "/v1/user", key=own["token"])[0] == 200
    log_in(peopled, "changing@example.org", "another long word")


def test_a_code_that_never_was_opens_nothing(peopled: RunningServer) -> None:
    password = {"password": PASSWORD, "code": "ep_" + "0" * 48}
    for path in ("invites/accept", "password/reset"):
        status, _, body = peopled.request("POST", f"/v1/workspace/{path}", password, key=None)
        assert (status, code_of(body)) == (401, "invalid_token")
    asked = {"email": "nobody@example.org"}
    assert peopled.request("POST", "/v1/workspace/password/request", asked, key=None)[0] == 200


def test_nothing_of_a_member_lies_in_clear_on_the_disk_or_in_the_servers_words(peopled: RunningServer) -> None:
    """C31: no address of an account stands in any file or line, in upper, lower or any other case."""
    log_in(peopled, OWNER)
    token = log_in(peopled, EDITOR)["token"]
    files = [path for path in peopled.data_directory.rglob("*") if path.is_file()]
    assert any(path.name.startswith("vault.sqlite") for path in files)
    needles = (OWNER, EDITOR, "@example.org", token, PASSWORD)
    for text in [peopled.output().encode(), *(path.read_bytes() for path in files)]:
        for needle in needles:
            assert needle.encode() not in text.lower()


def test_an_api_key_has_no_sessions(peopled: RunningServer) -> None:
    status, _, body = peopled.request("GET", "/v1/workspace/sessions")
    assert (status, code_of(body)) == (400, "invalid_parameters")
