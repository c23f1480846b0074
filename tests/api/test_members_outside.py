"""Members and the world outside: codes that come by e-mail, and logins by a real identity provider."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes.identity_provider import CLIENT_ID, CLIENT_SECRET, REDIRECT_URL, IdentityProvider, Person
from tests.fakes.mail_server import MailServer, mail_server
from tests.fakes.people import PASSWORD
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z22")]
CONFIG = """
sign_on = true
engines = 1
gateways = 1
media_engines = 0
live_engines = 0
outbound_private_addresses = true
outbound_plain_http = true
outbound_ports = "{provider_port}"

[mail]
host = "127.0.0.1"
port = {mail_port}
security = "plain"
sender = "server@example.org"
"""


@dataclass(slots=True)
class World:
    """The server, and what is around it."""

    server: RunningServer
    mails: MailServer
    provider: IdentityProvider

    def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> tuple[int, dict[str, Any]]:
        """Post to the server; without a key unless one is given, empty for the server's own."""
        status, _, answer = self.server.request("POST", f"/v1/workspace/{path}", body, key=key)
        return status, json.loads(answer)

    def code_for(self, address: str, *, after_count: int = 0) -> str:
        """Wait for a message to an address and return the code in it."""
        deadline_s = time.monotonic() + 20
        while time.monotonic() < deadline_s:
            for to, message in self.mails.taken[after_count:]:
                found = re.search(r"ep_[0-9a-f]{48}", message.get_payload())
                if to == [address] and found is not None:
                    return found.group()
            time.sleep(0.05)
        raise AssertionError("no code came")


@contextlib.contextmanager
def mail_in_thread() -> Iterator[MailServer]:
    """Run a mail server beside a real server."""
    ready, done = threading.Event(), threading.Event()
    found: list[MailServer] = []

    async def main() -> None:
        async with mail_server() as server:
            found.append(server)
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield found[0]
    finally:
        done.set()
        thread.join(10)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("outside")
    provider = IdentityProvider(now_unix=lambda: int(time.time()))
    with mail_in_thread() as mails, provider.outside().in_thread() as outside:
        provider.issuer = f"http://127.0.0.1:{outside.port}"
        config = folder / "settings.toml"
        config.write_text(CONFIG.format(provider_port=outside.port, mail_port=mails.port))
        with running_server(folder, "--config", str(config)) as server:
            yield World(server, mails, provider)


def test_an_invitation_comes_by_e_mail_and_its_code_makes_a_member_once(world: World) -> None:
    invitation = {"email": "new@example.org", "seat_type": "workspace_member"}
    assert world.post("invites/add", invitation, key="")[0] == 200
    code = world.code_for("new@example.org")
    accepted = {"code": code, "password": PASSWORD, "first_name": "New"}
    status, session = world.post("invites/accept", accepted)
    assert (status, session["role"]) == (200, "editor")
    assert world.server.request("GET", "/v1/user", key=session["token"])[0] == 200
    status, problem = world.post("invites/accept", accepted)
    assert (status, problem["detail"]["code"]) == (401, "invalid_token")
    assert world.post("login", {"email": "New@Example.org", "password": PASSWORD})[0] == 200


def test_a_forgotten_password_is_replaced_by_a_code_that_comes_by_e_mail(world: World) -> None:
    assert world.post("invites/add", {"email": "forgets@example.org"}, key="")[0] == 200
    code = world.code_for("forgets@example.org")
    _, session = world.post("invites/accept", {"code": code, "password": PASSWORD})
    count = len(world.mails.taken)
    for address in ("forgets@example.org", "nobody@example.org"):
        assert world.post("password/request", {"email": address}) == (200, {"status": "ok"})
    code = world.code_for("forgets@example.org", after_count=count)
    assert world.post("password/reset", {"code": code, "password": "another long word"})[0] == 200
    assert world.server.request("GET", "/v1/user", key=session["token"])[0] == 401
    assert world.post("login", {"email": "forgets@example.org", "password": "another long word"})[0] == 200
    assert not [to for to, _ in world.mails.taken if to == ["nobody@example.org"]]


def test_a_login_by_the_identity_provider_opens_a_session_once(world: World) -> None:
    settings = {
        "issuer": world.provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        "redirect_url": REDIRECT_URL, "domains": ["example.com"], "default_role": "viewer",
    }  # fmt: skip
    status, _, body = world.server.request("PUT", "/v1/workspace/sign-on", settings)
    assert status == 200 and CLIENT_SECRET.encode() not in body
    workspace_id = json.loads(world.server.request("GET", "/v1/user")[2])["workspace_id"]
    status, started = world.post("sign-on/start", {"workspace_id": workspace_id})
    assert status == 200, started
    state, code = world.provider.let_in(started["authorization_url"], Person("grace-1", "grace@example.com"))
    path = f"/v1/workspace/sign-on/callback?state={quote(state)}&code={quote(code)}"
    status, _, body = world.server.request("GET", path, key=None)
    session = json.loads(body)
    assert (status, session["role"]) == (200, "viewer"), session
    assert world.server.request("GET", "/v1/history", key=session["token"])[0] == 200
    status, _, body = world.server.request("GET", path, key=None)
    assert (status, json.loads(body)["detail"]["code"]) == (401, "invalid_token")
    # Nothing of the login is said anywhere: neither the code nor the address nor the secret.
    for word in (code, state, "grace@example.com", CLIENT_SECRET, session["token"]):
        assert word not in world.server.output()
    files = [path.read_bytes() for path in world.server.data_directory.rglob("*") if path.is_file()]
    for word in (CLIENT_SECRET, "grace", session["token"], code):
        assert not [found for found in files if word.encode() in found]


def test_a_provider_that_refuses_or_is_away_is_said_to(world: World) -> None:
    workspace_id = json.loads(world.server.request("GET", "/v1/user")[2])["workspace_id"]
    settings = {
        "issuer": world.provider.issuer, "client_id": CLIENT_ID, "client_secret": "not the secret",
        "redirect_url": REDIRECT_URL,
    }  # fmt: skip
    assert world.server.request("PUT", "/v1/workspace/sign-on", settings)[0] == 200
    _, started = world.post("sign-on/start", {"workspace_id": workspace_id})
    state, code = world.provider.let_in(started["authorization_url"], Person("grace-1", "grace@example.com"))
    status, _, body = world.server.request(
        "GET", f"/v1/workspace/sign-on/callback?state={state}&code={code}", key=None
    )
    assert (status, json.loads(body)["detail"]["code"]) == (401, "invalid_credentials")
    away = settings | {"issuer": "http://127.0.0.1:1"}
    assert world.server.request("PUT", "/v1/workspace/sign-on", away)[0] == 200
    status, problem = world.post("sign-on/start", {"workspace_id": workspace_id})
    assert (status, problem["detail"]["code"]) == (503, "engine_unavailable")
    assert world.server.request("DELETE", "/v1/workspace/sign-on")[0] == 200
    assert world.post("sign-on/start", {"workspace_id": workspace_id})[0] == 404
