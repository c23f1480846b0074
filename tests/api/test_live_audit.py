"""An audit over the network of a server that others use: it passes, and everything that it made is gone (C61)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from echoless.audit.options import AuditOptions, silent
from echoless.audit.options import RunningServer as AuditedServer
from echoless.audit.reports.report import AuditMode, AuditReport
from echoless.audit.session import run_audit
from echoless.cli.operator_door import ask_running
from echoless.core.errors import EcholessError
from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z36")]
SPEECH = "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"


class InterruptAt:
    """Ends the audit like a person at the keyboard, at the end of a step."""

    def __init__(self, step: str) -> None:
        self._step = step

    def __call__(self, step: str, fraction: float) -> None:
        if step == self._step and fraction == 1.0:
            raise KeyboardInterrupt


def audit(server: RunningServer, *, interrupt_at: str = "", key: str = "") -> AuditReport:
    target = AuditedServer(server.base_url, Path(), key or server.api_key, is_remote=True)
    progress = InterruptAt(interrupt_at) if interrupt_at else silent
    return run_audit(
        AuditOptions(
            ask_running, server=target, is_live=True, only=("text_to_speech",), pause_s=0.01, progress=progress
        )
    )  # fmt: skip


def standing(server: RunningServer) -> dict[str, object]:
    """Return what an audit could leave: items, keys, dictionaries, webhooks and the policy."""
    paths = (
        "/v1/history?page_size=1000", "/v1/service-accounts", "/v1/pronunciation-dictionaries?page_size=100",
        "/v1/workspace/webhooks",
    )  # fmt: skip
    told = {path: json.loads(server.request("GET", path)[2]) for path in paths}
    for account in told["/v1/service-accounts"]["service-accounts"]:
        for key in account["api-keys"]:
            # What was spoken is counted, and stays so.
            key["character_count"] = key["platform_limits"] = None
    policy = json.loads(server.request("GET", "/v1/workspace/zero-retention")[2])
    return {**told, "enforced": policy["enforced"]}


@pytest.mark.timeout(240)
def test_a_server_in_use_passes_and_everything_that_was_made_is_gone(server: RunningServer) -> None:
    assert server.request("POST", SPEECH, {"text": "This is of somebody else."})[0] == 200
    before = standing(server)
    report = audit(server)
    assert [check for check in report.checks if not check.is_passed] == []
    assert report.mode is AuditMode.LIVE
    assert {"C2", "C5", "C8", "C9", "C11", "C33"} <= {number for check in report.checks for number in check.proves}
    assert standing(server) == before


@pytest.mark.timeout(240)
@pytest.mark.parametrize("step", ["round 1: planting", "policy"])
def test_whoever_ends_it_in_the_middle_leaves_nothing_either(server: RunningServer, step: str) -> None:
    before = standing(server)
    with pytest.raises(KeyboardInterrupt):
        audit(server, interrupt_at=step)
    assert standing(server) == before


def test_a_key_that_is_none_is_told_so(server: RunningServer) -> None:
    with pytest.raises(EcholessError):
        audit(server, key="sk_nobody_nobody_nobody")
