"""The table of endpoints."""

from __future__ import annotations

import pytest

from echoless.retention.endpoints import ENDPOINT_BY_NAME, ENDPOINTS, EndpointClass, Product

pytestmark = pytest.mark.unit

ELIGIBLE_PRODUCTS = {
    Product.TEXT_TO_SPEECH,
    Product.TEXT_TO_DIALOGUE,
    Product.VOICE_CHANGER,
    Product.SPEECH_TO_TEXT,
}


def test_no_endpoint_is_listed_twice() -> None:
    assert len(ENDPOINT_BY_NAME) == len(ENDPOINTS)


@pytest.mark.claim("Z5")
@pytest.mark.seed("S18")
def test_only_the_products_of_the_table_honour_the_switch() -> None:
    """C3, C4: eligible are speech, dialogue, voice changer and transcription, all of them and nothing else."""
    assert {endpoint.product for endpoint in ENDPOINTS if endpoint.is_eligible} == ELIGIBLE_PRODUCTS


@pytest.mark.parametrize(
    "prefix",
    [
        "/v1/text-to-speech/",
        "/v1/text-to-dialogue",
        "/v1/speech-to-speech/",
        "/v1/voice-changer/",
        "/v1/speech-to-text",
    ],
)
@pytest.mark.seed("S8")
@pytest.mark.seed("S11")
def test_every_generating_endpoint_under_an_eligible_prefix_honours_the_switch(prefix: str) -> None:
    """C3."""
    generating = [e for e in ENDPOINTS if e.template.startswith(prefix) and e.method in {"POST", "WS"}]
    assert generating
    assert all(endpoint.retention_class is EndpointClass.HONOURED for endpoint in generating)


def test_flows_that_speak_are_not_eligible_by_their_name() -> None:
    assert ENDPOINT_BY_NAME["POST /v1/flows/text-to-speech"].retention_class is EndpointClass.STORES
