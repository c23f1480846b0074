"""A whole server that restricts, by hand and by itself: it refuses from then on, and tells everybody."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.fakes.egress_pair import certificate_for
from tests.fakes.mail_server import PASSWORD, USER, mail_server_in_thread
from tests.fakes.outside import Asked, Outside, Said
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z24")]

SPEAK = "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"
ZERO = f"{SPEAK}?enable_logging=false"
ADMINS = ("ann@example.org", "bob@example.org")
CONFIG = """
engines = 1
gateways = 1
media_engines = 0
live_engines = 0
webhooks = true
outbound_private_addresses = true
outbound_ports = "{hook_port}"
outbound_ca_file = "{certificate}"

[mail]
host = "127.0.0.1"
port = {mail_port}
sender = "server@echoless.example"
user = "{user}"
password_file = "{password_file}"

[moderation]
rules_file = "{rules_file}"
flags_max = 3
"""
RULES = """
[[rules]]
category = "fraud"
severity = "flagged"
phrases = ["one time code"]

[[rules]]
category = "illicit"
severity = "severe"
action = "refuse"
phrases = ["pipe bomb"]
"""


@dataclass(slots=True)
class World:
    """The server, and what is around it."""

    server: RunningServer
    hooks: Outside
    mail_port: int
    certificate: tuple[str, str]
    secret: str

    def command(self, *words: str) -> str:
        """Run a command of the operator on the running server."""
        line = [sys.executable, "-m", "echoless", *words, "--data", str(self.server.data_directory)]
        done = subprocess.run(line, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def ask(self, path: str) -> Any:
        """Read from the server."""
        status, _, body = self.server.request("GET", path)
        assert status == 200, body
        return json.loads(body)

    def speak(self, path: str, text: str = "Good morning.") -> int:
        """Speak a text and return the status."""
        return self.server.request("POST", path, {"text": text})[0]


def until(what: Callable[[], object], within_s: float = 20.0) -> None:
    """Wait until something is so."""
    deadline_s = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < deadline_s, "it did not become so in time"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("restricted")
    certificate = certificate_for(folder, "127.0.0.1")
    mail_port, rules, password = free_port(), folder / "rules.toml", folder / "password"
    rules.write_text(RULES)
    password.write_text(PASSWORD)
    with Outside(lambda _asked: Said()).in_thread(certificate) as hooks:
        settings = folder / "settings.toml"
        settings.write_text(
            CONFIG.format(
                hook_port=hooks.port, certificate=certificate[0], mail_port=mail_port, user=USER,
                password_file=password, rules_file=rules,
            )
        )  # fmt: skip
        with running_server(folder, "--config", str(settings)) as server:
            hook = {"settings": {"name": "told", "webhook_url": f"https://127.0.0.1:{hooks.port}/told"}}
            _, _, made = server.request("POST", "/v1/workspace/webhooks", hook)
            world = World(server, hooks, mail_port, certificate, json.loads(made)["webhook_secret"])
            for address in ADMINS:
                world.command("member", "add", address, "--role", "admin", "--no-password")
            yield world


def kinds_of(asked: list[Asked]) -> list[str]:
    return [json.loads(one.body)["data"]["kind"] for one in asked]


@pytest.mark.seed("S6")
def test_a_restriction_by_hand_refuses_at_once_and_reaches_everybody_once_the_mail_server_is_back(
    world: World,
) -> None:
    """C10. Nobody listens where the mail server should be; then it does, and the notice arrives."""
    assert world.speak(ZERO) == 200
    world.command("workspace", "restrict", "--reason", "high-risk")
    assert world.speak(ZERO) == 403
    _, headers, body = world.server.request("POST", ZERO, {"text": "Good morning."})
    assert (json.loads(body)["detail"]["code"], headers["x-echoless-retention"]) == (
        "zero_retention_not_permitted", "zero",
    )  # fmt: skip
    assert world.speak(SPEAK) == 200, "what does not ask for zero retention is served"
    assert len(world.ask("/v1/history")["history"]) == 1, "none of those refused was kept instead"

    until(lambda: world.hooks.asked)
    asked = world.hooks.asked[0]
    stamp, _, given = asked.headers["elevenlabs-signature"].partition(",v0=")
    signed = hmac.new(world.secret.encode(), f"{stamp[2:]}.".encode() + asked.body, hashlib.sha256)
    assert given == signed.hexdigest()
    assert json.loads(asked.body)["data"]["facts"]["reason"] == "high_risk"

    until(lambda: "no_mail_server" in world.command("notices", "list", "--undelivered"))
    (notice,) = world.ask("/v1/workspace/notices")["notices"]
    assert notice["kind"] == "zero_retention_restricted"
    ways = sorted((one["channel"], one["state"]) for one in notice["deliveries"])
    assert ways == [("email", "pending"), ("email", "pending"), ("webhook", "sent")]

    with mail_server_in_thread(port=world.mail_port, certificate=world.certificate) as mails:
        assert "2 deliveries" in world.command("notices", "retry", notice["notice_id"])
        until(lambda: len(mails.taken) == 2)
        assert sorted(to[0] for to, _ in mails.taken) == list(ADMINS)
        assert mails.was_encrypted == [True, True]
        assert all("high_risk" in message.get_payload() for _, message in mails.taken)
        until(lambda: "zero_retention_restricted" not in world.command("notices", "list", "--undelivered"))
    policy = world.ask("/v1/workspace/zero-retention")
    assert policy["restricted"] is True
    assert policy["restriction"]["reason"] == "high_risk"
    assert policy["restriction"]["notified_at_unix"] >= policy["restriction"]["since_unix"]
    shown = json.dumps(world.ask("/v1/workspace/notices")) + world.command("notices", "list")
    assert not any(address in shown for address in ADMINS), "no address is shown anywhere"


def test_lifting_works_the_same_way(world: World) -> None:
    told = len(world.hooks.asked)
    with mail_server_in_thread(port=world.mail_port, certificate=world.certificate) as mails:
        world.command("workspace", "lift")
        assert world.speak(ZERO) == 200
        until(lambda: len(mails.taken) == 2)
        until(lambda: kinds_of(world.hooks.asked[told:]) == ["zero_retention_lifted"])
        assert {message["Subject"] for _, message in mails.taken} == {
            "Zero retention of your workspace is available again"
        }


def test_repeated_findings_restrict_by_themselves_and_are_shown_as_counts(world: World) -> None:
    """Texts with zero retention count as any other; what led to the flag is known to nobody."""
    with mail_server_in_thread(port=world.mail_port, certificate=world.certificate) as mails:
        for _ in range(2):
            assert world.speak(ZERO, "Read me the one time code.") == 200
        found = world.ask("/v1/workspace/moderation")
        assert (found["flagged_since_unix"], found["flags_max"]) == (None, 3)
        assert found["counts"] == [
            {"category": "fraud", "severity": "flagged", "action": "passed", "count": 2}
        ]  # fmt: skip
        assert world.speak(ZERO, "a pipe bomb") == 400
        until(lambda: world.speak(ZERO) == 403)
        assert world.speak(SPEAK) == 200
        until(lambda: len(mails.taken) == 2)
        assert all("(flagged)" in message.get_payload() for _, message in mails.taken)
    assert world.ask("/v1/workspace/moderation")["flagged_since_unix"]
    acts = [entry["activity_name"] for entry in world.ask("/v1/workspace/audit-logs")["entries"]]
    assert acts.count("zero_retention.restrict") == 2
    world.command("workspace", "lift")
    assert world.speak(ZERO) == 200
