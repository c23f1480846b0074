"""What goes outward is held until it may be answered, and is known by then."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit.lab_server import until
from echoless.audit.outside import Outside

pytestmark = pytest.mark.unit


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with Outside(b"\0" * 8).listening(tmp_path) as listening:
        yield listening


def ask(outside: Outside, said: list[bytes]) -> None:
    """Send something by TLS, trusting what a server is told to trust, and no name but the loopback address."""
    context = ssl.create_default_context(cafile=str(outside.ca_path))
    connection = http.client.HTTPSConnection("127.0.0.1", outside.port, timeout=20, context=context)
    connection.request("POST", "/results", b"what was heard")
    said.append(connection.getresponse().read())
    connection.close()


def test_who_sends_something_waits_until_it_may_be_answered(outside: Outside) -> None:
    outside.hold()
    said: list[bytes] = []
    asking = threading.Thread(target=ask, args=(outside, said))
    asking.start()
    assert until(lambda: bool(outside.arrived()), 10.0)
    assert said == []
    (arrived,) = outside.arrived()
    assert (arrived.path, arrived.body) == ("/results", b"what was heard")
    assert "heard" not in repr(arrived)
    outside.let_go()
    asking.join(10)
    assert said == [b"\0" * 8]


def test_who_hangs_up_in_the_middle_disturbs_nobody(outside: Outside, capfd: pytest.CaptureFixture[str]) -> None:
    outside.hold()
    context = ssl.create_default_context(cafile=str(outside.ca_path))
    connection = http.client.HTTPSConnection("127.0.0.1", outside.port, timeout=20, context=context)
    connection.request("GET", "/recordings/a")
    assert until(lambda: bool(outside.arrived()), 10.0)
    connection.close()
    outside.let_go()
    said: list[bytes] = []
    ask(outside, said)
    assert said == [b"\0" * 8]
    assert [arrived.path for arrived in outside.arrived()] == ["/recordings/a", "/results"]
    assert capfd.readouterr().err == ""


def test_leaving_lets_everybody_go(tmp_path: Path) -> None:
    said: list[bytes] = []
    with Outside(b"done").listening(tmp_path) as outside:
        asking = threading.Thread(target=ask, args=(outside, said))
        asking.start()
        assert until(lambda: bool(outside.arrived()), 10.0)
        began_s = time.monotonic()
    asking.join(10)
    assert said == [b"done"]
    assert time.monotonic() - began_s < 10
    with pytest.raises(ConnectionRefusedError):
        ask(outside, said)
