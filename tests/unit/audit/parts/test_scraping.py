"""The numbers of a server of the audit's own are scraped before and after, and a word in them is found. (C28)"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.options import AuditOptions, RunningServer, Scene
from echoless.audit.parts.scraping import watch_metrics
from echoless.audit.reports.report import AuditReport
from tests.unit.audit.conftest import Stub, nobody

pytestmark = pytest.mark.unit

PAGE = b'echoless_requests_total{product="tts"} %d\necholess_refusals{code="%s"} 1\n'


def _failed(stub: Stub, label: str, *, token: str = "token") -> list[str]:
    server = RunningServer(stub.url, Path("/nowhere"), "key", metrics_token=token)
    scene = Scene(AuditOptions(nobody), server, CanaryMint(seed=28), AuditReport())
    scrapes: list[int] = []

    def page(*_: object) -> tuple[int, dict[str, str], bytes]:
        scrapes.append(1)
        words = scene.mint.canaries[0].words[0] if scene.mint.canaries and label == "word" else "other"
        return 200, {}, PAGE % (len(scrapes), words.encode())

    stub.reply = page
    with watch_metrics(replace(scene)):
        scene.mint.plain("zero/text", 40, is_kept=False)
    assert len(scrapes) == (2 if token else 0)
    assert all(headers["xi-api-key"] == token for *_, headers in stub.asked)
    return [check.name for check in scene.report.checks if not check.is_passed]


def test_a_word_that_became_a_label_is_found(stub: Stub) -> None:
    assert _failed(stub, "word") == ["metrics: traffic adds no series", "metrics: labels of closed sets"]


def test_numbers_that_only_move_are_as_they_must_be(stub: Stub) -> None:
    assert _failed(stub, "other") == []


def test_without_the_token_nothing_is_scraped(stub: Stub) -> None:
    assert _failed(stub, "word", token="") == []
