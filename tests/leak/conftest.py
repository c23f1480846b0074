"""Servers whose memory may be looked at, and the canaries that are looked for."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.search.memory_scan import MemoryScan, scan_memory
from echoless.audit.search.needles import Needle, audio_needles, base64_audio_needles, text_needles, word_needles
from echoless.core.processes import ProcessIdentity
from echoless.core.server_process import ServerProcess

SCRUB_DEADLINE_S = 1.0
SEED = 7


@dataclass(slots=True)
class Watched:
    """A server, its processes before any request, and every needle that must not be found in them."""

    server: ServerProcess
    family: tuple[ProcessIdentity, ...]
    needles: list[Needle] = field(default_factory=list)
    audio: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def watch(self, canaries: Sequence[Canary]) -> None:
        """Search for these canaries from now on."""
        self.needles = text_needles(canaries)

    def is_in_memory(self, word: str) -> bool:
        """Return whether a word short enough for chance is there before anybody said it."""
        return bool(scan_memory(self.server.family(), word_needles(word, "a word to be")).hits)

    def speak(self, client: AuditClient, canary: Canary, output_format: str, *, suffix: str = "/stream") -> bytes:
        """Speak a canary with zero retention; the same words always give the same bytes."""
        path = f"{SPEECH}{suffix}?enable_logging=false&output_format={output_format}"
        answer = client.request("POST", path, {"text": canary.text, "model_id": MODEL, "seed": SEED})
        assert answer.status == 200
        assert answer.headers["x-echoless-retention"] == "zero"
        key = canary.name + suffix, output_format
        if key not in self.audio and not suffix.endswith("timestamps"):
            self.audio[key] = answer.body
            name = f"audio of {canary.name}"
            self.needles += audio_needles(answer.body, name, output_format)
            self.needles += base64_audio_needles(answer.body, name, output_format)
        return answer.body

    def search(self) -> MemoryScan:
        """Wait as long as scrubbing may take, then search all memory.

        The processes must be those of the start, and nearly everything must have been read.
        """
        time.sleep(SCRUB_DEADLINE_S)
        assert self.server.family() == self.family, "a process was replaced, so its memory was not searched"
        scan = scan_memory(self.family, self.needles)
        assert scan.is_complete, [process.coverage for process in scan.processes]
        assert {"supervisor", "vault", "engine", "media", "live", "gateway"} <= {
            p.process.role for p in scan.processes
        }
        return scan

    def assert_clean(self) -> None:
        """Assert that nothing of what must be nowhere is left; show what is, by place."""
        scan = self.search()
        assert [(hit.role, hit.region, hit.kind, hit.owner) for hit in scan.hits] == []


def watching(place: Path, *flags: str) -> Iterator[Watched]:
    """Yield one watched server, and stop it afterwards."""
    # Whoever waits is served however busy the machine is: this is about what is left, not about how fast.
    settings = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_QUEUE_DEADLINE_S": "120"}
    flags = ("--audit-view", *flags)
    with ServerProcess.start(place / "data", place / "output", flags, settings) as server:
        yield Watched(server, server.family())


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A server as users have it, but for the view."""
    yield from watching(tmp_path_factory.mktemp("leak"), "--engines", "1", "--gateways", "2")


@pytest.fixture
def client(watched: Watched) -> Iterator[AuditClient]:
    """A connection that stays open, and idle, while memory is searched."""
    with AuditClient(watched.server.url, watched.server.api_key) as opened:
        yield opened


@pytest.fixture
def mint(watched: Watched) -> CanaryMint:
    """New words for each test, none of them in the server's memory by chance."""
    return CanaryMint(is_taken=watched.is_in_memory)
