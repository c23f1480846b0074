"""What is shown of journals."""

from __future__ import annotations

import io
import json

import pytest

from echoless.core.journal import Event
from echoless.supervisor.terminal import Terminal

pytestmark = pytest.mark.unit


def shown(line: bytes, *, is_interactive: bool) -> str:
    stream = io.StringIO()
    Terminal(stream, is_interactive=is_interactive).journal(line, "gateway-0", 5)
    return stream.getvalue()


GOOD = json.dumps({"event": Event.REQUEST_CLOSED.value, "http_status": 200, "mode": "zero"}).encode()


def test_an_event_is_shown_as_json_to_machines_and_in_words_to_people() -> None:
    assert json.loads(shown(GOOD, is_interactive=False))["http_status"] == 200
    assert shown(GOOD, is_interactive=True) == "  gateway-0: request_closed http_status=200 mode=zero\n"


@pytest.mark.claim("Z10")
@pytest.mark.parametrize(
    "line",
    [
        b"Traceback: canary",
        b'{"event": "canary"}',
        b'{"event": "process_ready", "process": "canary"}',
        b'{"event": "process_ready", "name": "a canary in words"}',
        b'{"event": "process_ready", "a canary in words": 1}',
        b'{"event": "process_ready", "name": ["canary"]}',
        b'["canary"]',
        b"\xff canary",
    ],
)
@pytest.mark.parametrize("is_interactive", [True, False])
def test_what_is_no_registered_event_is_dropped(line: bytes, is_interactive: bool) -> None:
    """The journal is checked again where it arrives: a child that lost its senses cannot speak freely."""
    assert "canary" not in shown(line, is_interactive=is_interactive)
