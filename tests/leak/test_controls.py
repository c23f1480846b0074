"""Where one part of the scrubbing is off, the search finds copies: else it proves nothing (C34)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from tests.leak.conftest import watching

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]


@pytest.mark.parametrize("flag", ["--no-allocator-profile", "--no-scrubbing"])
def test_copies_are_found_without(tmp_path: Path, mint: CanaryMint, flag: str) -> None:
    canaries = [mint.plain("300", 300, is_kept=False), mint.emoji("emoji", is_kept=False)]
    flags = (flag, "--assurance", "best_effort", "--engines", "1", "--gateways", "1")
    for watched in watching(tmp_path, *flags):
        watched.watch(canaries)
        with AuditClient(watched.server.url, watched.server.api_key) as client:
            for canary in canaries:
                watched.speak(client, canary, "mp3_44100_128")
            scan = watched.search()
    assert scan.owners() & {"300", "emoji"}
