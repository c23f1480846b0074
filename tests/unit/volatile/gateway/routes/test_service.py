"""Health, readiness and metrics: for whoever runs the server."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from echoless.crossing.operations_records import AskReadiness, Readiness, ReadMetrics
from echoless.crossing.records import Refused
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TOKEN = "a-token-of-the-operator"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()
STARTING = Readiness(is_starting=True, is_store_failing=False, is_confined=False)
SPEECH = f"/v1/text-to-speech/{VOICE_ID}"


async def test_health_needs_no_key_and_says_when_a_part_is_missing() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", "/health", api_key="")
        assert (reply.status, reply.json) == (200, {"status": "ok", "engines": 1})
        gateway.engine.links[0].abort()
        await asyncio.sleep(0.01)
        reply = await gateway.ask("GET", "/health", api_key="")
        assert (reply.status, reply.json["status"]) == (503, "unavailable")


async def test_readiness_needs_no_key() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", "/ready", api_key="")
        assert (reply.status, reply.json) == (200, {"status": "ready", "reasons": [], "limits": []})


@pytest.mark.parametrize(
    ("standing", "reasons", "limits"),
    [
        (
            Readiness(is_starting=True, is_store_failing=False, is_confined=False),
            ["starting"],
            ["no_zero_retention"],
        ),
        (Readiness(is_starting=False, is_store_failing=True, is_confined=True), ["store_failing"], []),
        (Readiness(is_starting=False, is_store_failing=False, is_confined=False), [], ["no_zero_retention"]),
        (Refused(code="internal_error", message="x"), ["vault_unreachable"], ["no_zero_retention"]),
    ],
)
async def test_readiness_gives_the_vaults_reasons(
    standing: Readiness | Refused, reasons: list[str], limits: list[str]
) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[AskReadiness] = standing
        reply = await gateway.ask("GET", "/ready", api_key="")
        assert reply.status == (503 if reasons else 200)
        assert (reply.json["reasons"], reply.json["limits"]) == (reasons, limits)


async def test_readiness_without_a_vault_or_engines_says_so() -> None:
    async with running_gateway() as gateway:
        gateway.vault.links[0].abort()
        gateway.engine.links[0].abort()
        gateway.media.links[0].abort()
        await asyncio.sleep(0.01)
        reply = await gateway.ask("GET", "/ready", api_key="")
        assert reply.status == 503
        assert reply.json["reasons"] == ["vault_unreachable", "no_engine"]
        assert reply.json["limits"] == ["no_zero_retention", "no_media_engine"]


async def test_a_draining_gateway_is_not_ready_and_takes_no_new_work() -> None:
    async with running_gateway(metrics_token_digest=DIGEST) as gateway:
        gateway.services.duty.is_draining = True
        ready = await gateway.ask("GET", "/ready", api_key="")
        assert (ready.status, ready.json["reasons"]) == (503, ["draining"])
        for method, target in (
            ("POST", f"{SPEECH}?enable_logging=false"),
            ("GET", "/v1/history"),
            ("GET", "/docs"),
        ):
            reply = await gateway.ask(method, target, {"text": "Hello"} if method == "POST" else None)
            assert (reply.status, reply.code) == (503, "engine_unavailable")
            assert reply.headers["retry-after"] == "1"
            assert reply.headers["connection"] == "close"
            assert reply.body_reads == 0
        assert not gateway.vault.tickets
        assert not gateway.engine.jobs
        # Whoever watches still can.
        assert (await gateway.ask("GET", "/health", api_key="")).status == 200
        assert (await gateway.ask("GET", "/metrics", api_key=TOKEN)).status == 200


async def test_a_draining_gateway_refuses_a_zero_retention_request_as_such() -> None:
    async with running_gateway() as gateway:
        gateway.services.duty.is_draining = True
        reply = await gateway.ask("POST", f"{SPEECH}?enable_logging=false", {"text": "Hello"})
        assert reply.headers["x-echoless-retention"] == "zero"


async def test_metrics_are_for_whoever_has_the_token() -> None:
    async with running_gateway(metrics_token_digest=DIGEST) as gateway:
        for shown in ({"authorization": f"Bearer {TOKEN}"}, {"xi-api-key": TOKEN}):
            reply = await gateway.ask("GET", "/metrics", api_key="", headers=shown)
            assert (reply.status, reply.body) == (200, b"requests_total 1\n")
            assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize("shown", ["", "sk_test", TOKEN + "x", TOKEN[:-1], DIGEST])
async def test_metrics_are_for_nobody_else_and_the_vault_is_not_asked(shown: str) -> None:
    async with running_gateway(metrics_token_digest=DIGEST) as gateway:
        reply = await gateway.ask("GET", "/metrics", api_key=shown)
        assert (reply.status, reply.code) == (401, "invalid_api_key")
        assert ReadMetrics() not in gateway.vault.questions


async def test_without_a_token_there_are_no_metrics() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", "/metrics", api_key="")).status == 404


async def test_metrics_without_a_vault_are_a_failure_that_a_scraper_sees() -> None:
    async with running_gateway(metrics_token_digest=DIGEST) as gateway:
        gateway.vault.links[0].abort()
        await asyncio.sleep(0.01)
        assert (await gateway.ask("GET", "/metrics", api_key=TOKEN)).status == 503
