"""What goes outward is held all at once, each with words of its own, and is let go afterwards."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.lab_server import Lab, LabServer
from echoless.audit.on_the_way import Told, all_on_the_way, have_all
from echoless.audit.options import AuditOptions
from echoless.audit.outside import Arrived, Outside
from echoless.audit.reports.report import AuditReport
from echoless.audit.sounds import SoundMint
from echoless.core.errors import EcholessError
from echoless.crossing.operator_records import CreateWorkspace, SetRestriction, WorkspaceCreated
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record
from tests.unit.audit.conftest import Reply, Stub
from tests.unit.audit.test_in_flight import Running
from tests.unit.audit.test_sounds import hum

pytestmark = pytest.mark.unit


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with Outside(b"\0\0").listening(tmp_path) as listening:
        yield listening


def post(outside: Outside, path: str, body: bytes) -> None:
    """Send something out as a server does, and wait for its answer."""
    context = ssl.create_default_context(cafile=str(outside.ca_path))
    connection = http.client.HTTPSConnection("127.0.0.1", outside.port, timeout=20, context=context)
    connection.request("POST", path, body)
    connection.getresponse().read()
    connection.close()


class World:
    """A server that sends out whatever it is asked for, and its vault."""

    def __init__(self, stub: Stub, outside: Outside) -> None:
        self.outside = outside
        self.acts: list[Record] = []
        self.hooks: dict[str, str] = {}
        stub.reply = self.reply
        lab = Lab(AuditOptions(self.ask), AuditReport(), Path("/nowhere"), CanaryMint(seed=4))
        self.server = LabServer(lab, "stub", lab.place, (), {}, _process=cast("object", Running(stub.url)))  # type: ignore[arg-type]  # only its address is asked for

    def ask(self, _directory: Path, question: Record) -> Record:
        """Answer the operator, and tell of a restriction where notices go."""
        self.acts.append(question)
        if isinstance(question, CreateWorkspace):
            return WorkspaceCreated("w2", "key2", "k2")
        assert isinstance(question, SetRestriction)
        path = self.hooks["k2"].removeprefix(self.outside.url(""))
        threading.Thread(target=post, args=(self.outside, path, b"{}"), daemon=True).start()
        return Done()

    def reply(self, _method: str, path: str, body: bytes) -> Reply:
        """Answer a client once what it wants has gone out."""
        if path == "/v1/workspace/webhooks":
            address = json.loads(body)["settings"]["webhook_url"]
            self.hooks["k" if address.endswith("/results") else "k2"] = address
            return 200, {}, b'{"webhook_id": "h1"}'
        if path.startswith("/v1/text-to-speech"):
            post(self.outside, "/v1/audio/speech", body)
        elif b"cloud_storage_url" in body:
            post(self.outside, "/recordings/x", b"")
        else:
            threading.Thread(target=post, args=(self.outside, "/results", body), daemon=True).start()
            kept = {} if "enable_logging=false" in path else {"transcription_id": "t1"}
            return 202, {}, json.dumps(kept).encode()
        return 503, {}, b"{}"


def test_everything_is_on_its_way_with_words_of_its_own_and_answered_on_leaving(
    stub: Stub, outside: Outside
) -> None:
    world = World(stub, outside)
    sounds = SoundMint(hum, seed=1)
    told = Told.by(world.server, outside)
    assert world.hooks == {"k": outside.url("/results"), "k2": outside.url(told.notice_path)}
    with all_on_the_way(world.server, sounds, outside, told, "x", is_restricted=True) as way:
        assert have_all(way.arrived, told)
        assert (way.item_id, way.statuses) == ("t1", [])
        bodies = [each.body for each in way.arrived]
        assert sum(way.zero.words[0].encode() in body for body in bodies) == 1
    assert way.statuses == [503, 503]
    assert world.acts[-1] == SetRestriction("w2", True, "high_risk")
    zero = {needle.owner for needle in way.held.needles} - way.held.kept
    assert zero == {
        "zero/x/text to a remote", "zero/x/address of a recording", "zero/x/metadata", "zero/x/recording/sound",
    }  # fmt: skip
    assert way.held.kept == {"kept/address of notices", "kept/x/metadata", "kept/x/recording/sound"}


def test_a_recording_that_is_not_accepted_is_said(stub: Stub, outside: Outside) -> None:
    world = World(stub, outside)
    told = Told.by(world.server, outside)
    stub.reply = lambda *_: (400, {}, b"{}")
    with (
        pytest.raises(EcholessError, match="answered 400"),
        all_on_the_way(world.server, SoundMint(hum, seed=1), outside, told, "x", is_restricted=True),
    ):
        pass
    with pytest.raises(EcholessError, match="a webhook was answered 400"):
        Told.by(world.server, outside)


_ALL = ("/v1/audio/speech", "/results", "/results", "/recordings/a", "/notice")


@pytest.mark.parametrize("missing", [None, *range(len(_ALL))])
def test_all_of_it_must_have_arrived(missing: int | None) -> None:
    told = Told("h", "w", "/notice", Canary("kept/x", True, "a", ("a",)))
    arrived = [Arrived(path, b"") for number, path in enumerate(_ALL) if number != missing]
    assert have_all(arrived, told) is (missing is None)
