"""With TLS too, nothing is left: neither in the server nor in its TLS library (C32)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.planting import Manner
from echoless.audit.plantings.text_to_speech import speech_plantings
from echoless.audit.sending import plant
from tests.leak.conftest import Watched, watching

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    yield from watching(tmp_path_factory.mktemp("tls"), "--tls-self-signed", "--engines", "1", "--gateways", "1")


def test_nothing_is_left_over_tls(over_tls: Watched) -> None:
    mint = CanaryMint(is_taken=over_tls.is_in_memory)
    clauses = [mint.short("5", is_kept=False)]
    clauses += [mint.plain(str(characters), characters, is_kept=False) for characters in (300, 5_000)]
    over_tls.watch(clauses)
    assert over_tls.server.url.startswith("https://")
    with AuditClient(over_tls.server.url, over_tls.server.api_key) as client:
        for clause in clauses:
            for output_format in ("mp3_44100_128", "pcm_22050"):
                over_tls.speak(client, clause, output_format)
        over_tls.assert_clean()


def test_nothing_is_left_of_departures_over_tls(over_tls: Watched, mint: CanaryMint) -> None:
    plantings = [p for p in speech_plantings(mint, kept_too=False) if p.manner is not Manner.WHOLE]
    over_tls.watch(mint.canaries)
    with AuditClient(over_tls.server.url, over_tls.server.api_key) as client:
        assert plant(client, plantings).unexpected == []
        over_tls.assert_clean()
