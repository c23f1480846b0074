"""Within a second after a zero-retention response no copy of its text or audio is in any process (C32, C33).

Every search is made while the client's connection is open and idle, in processes that are the same since before
the first request, and reads at least 95 % of their readable memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.planting import Manner
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH, speech_plantings
from echoless.audit.sending import plant
from tests.leak.conftest import SEED, Watched

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]

_FORMATS = ("mp3_44100_128", "pcm_22050", "opus_48000_64", "ulaw_8000", "wav_16000", "mp3_22050_32")


@pytest.mark.parametrize("count", [1, 10, 200])
@pytest.mark.seed("S2")
def test_nothing_is_left_after_so_many_requests(
    watched: Watched, client: AuditClient, mint: CanaryMint, count: int
) -> None:
    canaries = [mint.plain(f"{count} requests, {number}", 60, is_kept=False) for number in range(min(count, 10))]
    watched.watch(canaries)
    for number in range(count):
        output_format = _FORMATS[number % 2 if count == 200 else number % len(_FORMATS)]
        suffix = "" if output_format.startswith("wav") else "/stream"
        watched.speak(client, canaries[number % len(canaries)], output_format, suffix=suffix)
    watched.assert_clean()


def test_nothing_is_left_after_200_requests_at_once(watched: Watched, mint: CanaryMint) -> None:
    canaries = [mint.plain(f"at once, {number}", 60, is_kept=False) for number in range(20)]
    watched.watch(canaries)
    clients = [AuditClient(watched.server.url, watched.server.api_key) for _ in range(200)]

    def speak(number: int) -> None:
        watched.speak(clients[number], canaries[number % 20], _FORMATS[number % 2])

    with ThreadPoolExecutor(200) as pool:
        list(pool.map(speak, range(200)))
    # All 200 connections are open and idle now.
    watched.assert_clean()
    for opened in clients:
        opened.__exit__(None, None, None)


@pytest.mark.parametrize("characters", [5, 300, 5_000])
@pytest.mark.seed("S3.1")
def test_nothing_is_left_of_a_clause(
    watched: Watched, client: AuditClient, mint: CanaryMint, characters: int
) -> None:
    clause = (
        mint.short("clause of 5", is_kept=False)
        if characters == 5
        else mint.plain(f"clause of {characters}", characters, is_kept=False)
    )
    watched.watch([clause])
    formats = ("pcm_22050", "mp3_44100_128")
    first = [watched.speak(client, clause, output_format) for output_format in formats]
    watched.assert_clean()
    # The same bytes again: windows of the first are known to be absent before the second.
    assert [watched.speak(client, clause, output_format) for output_format in formats] == first
    watched.assert_clean()


@pytest.mark.parametrize("kind", ["accented", "cyrillic", "emoji"])
def test_nothing_is_left_of_other_scripts(
    watched: Watched, client: AuditClient, mint: CanaryMint, kind: str
) -> None:
    make: Callable[..., Canary] = getattr(mint, kind)
    canary = make(kind, is_kept=False)
    watched.watch([canary])
    for suffix in ("/stream/with-timestamps", "/with-timestamps", "/stream", ""):
        watched.speak(client, canary, "mp3_44100_128", suffix=suffix)
    watched.assert_clean()


@pytest.mark.parametrize("manner", [Manner.WHOLE, Manner.CANCELLED, Manner.LEFT_WHILE_SENDING])
def test_nothing_is_left_of_errors_and_departures(
    watched: Watched, client: AuditClient, mint: CanaryMint, manner: Manner
) -> None:
    plantings = [
        planting
        for planting in speech_plantings(mint, kept_too=False)
        if planting.manner is manner and planting.text is None
    ]
    watched.watch(mint.canaries)
    planted = plant(client, plantings)
    assert planted.unexpected == []
    assert planted.request_count >= 2
    watched.assert_clean()


def test_nothing_is_left_of_others_while_a_request_goes_on(
    watched: Watched, client: AuditClient, mint: CanaryMint
) -> None:
    """C33: a request that lasts is no reason to remember those that ended, failed or were left beside it."""
    lasting = mint.plain("lasting", 20_000, is_kept=False)
    with AuditClient(watched.server.url, watched.server.api_key) as other:
        path = f"{SPEECH}/stream?enable_logging=false&output_format=pcm_22050"
        stream = other.open_stream(path, {"text": lasting.text, "model_id": MODEL, "seed": SEED})
        assert stream.read(4_096)
        plantings = [planting for planting in speech_plantings(mint, kept_too=False) if planting.text is None]
        ended = mint.plain("ended", 60, is_kept=False)
        watched.watch(mint.canaries)
        watched.speak(client, ended, "mp3_44100_128")
        assert plant(client, plantings).unexpected == []
        held = watched.search()
        stream.close()
    assert held.owners() == {"lasting"}


def test_a_request_in_flight_is_found(watched: Watched, client: AuditClient, mint: CanaryMint) -> None:
    """The search works on these very processes: what is being served is found (C34)."""
    canary = mint.plain("in flight", 20_000, is_kept=False)
    watched.watch([canary])
    path = f"{SPEECH}/stream?enable_logging=false&output_format=pcm_22050"
    stream = client.open_stream(path, {"text": canary.text, "model_id": MODEL, "seed": SEED})
    assert stream.read(4_096)
    held = watched.search()
    stream.close()
    assert "in flight" in held.owners()
    watched.assert_clean()
