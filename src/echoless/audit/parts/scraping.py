"""Part of an audit: the numbers of the server, before anything was planted and after everything was.

Only where the audit knows the operator's token, as of a server of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

from echoless.audit.client import AuditClient
from echoless.audit.options import Scene
from echoless.audit.parts.scrapes import note_scrapes
from echoless.audit.search.needles import text_needles

PROVES: Final = ("C28",)


@contextlib.contextmanager
def watch_metrics(scene: Scene) -> Iterator[None]:
    """Scrape before and after; the series must be the same, and no label may hold anything that was sent."""
    if not scene.server.metrics_token:
        yield
        return
    before = scrape(scene.server.url, scene.server.metrics_token)
    yield
    if scene.mint.canaries:
        after = scrape(scene.server.url, scene.server.metrics_token)
        note_scrapes(scene.report, before, after, text_needles(scene.mint.canaries), PROVES)


def scrape(url: str, token: str) -> bytes:
    """Return one page of numbers; empty where the server gives none."""
    with AuditClient(url, token) as client:
        answer = client.request("GET", "/metrics")
    return answer.body if answer.status == 200 else b""
