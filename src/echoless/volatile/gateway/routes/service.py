"""`/health`, `/ready` and `/metrics`: for whoever runs the server. None needs an API key, none tells of a request.

`/health` asks whether this gateway reaches what it needs, `/ready` whether new work should be sent here, with
reasons of a closed set. `/metrics` is there for whoever shows the operator's token; without one it does not exist.
source: Prometheus, text exposition format 0.0.4
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from enum import StrEnum
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operations_records import AskReadiness, MetricsPage, Readiness, ReadMetrics
from echoless.crossing.records import Record
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route

_ANSWER_S: Final = 2.0
METRICS_MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_NOTHING_HERE: Final = "There is nothing at this address."
_NOT_YOU: Final = "The operator's token is needed, as Authorization: Bearer TOKEN."


class Reason(StrEnum):
    """Why no new work should be sent here."""

    DRAINING = "draining"
    STARTING = "starting"
    VAULT_UNREACHABLE = "vault_unreachable"
    NO_ENGINE = "no_engine"
    STORE_FAILING = "store_failing"


class Limit(StrEnum):
    """What a server that is ready does without."""

    NO_ZERO_RETENTION = "no_zero_retention"
    NO_MEDIA_ENGINE = "no_media_engine"
    NO_LIVE_ENGINE = "no_live_engine"


async def health(call: Call) -> None:
    """Say whether vault and engines are there."""
    services = call.services
    is_well = services.vault.is_connected and services.engines.engine_count > 0
    state = {"status": "ok" if is_well else "unavailable", "engines": services.engines.engine_count}
    await call.answer(state, status=200 if is_well else 503)


async def ready(call: Call) -> None:
    """Say whether new work should be sent here, and if not, why."""
    vault = await _asked(call, AskReadiness())
    standing = vault if isinstance(vault, Readiness) else None
    reasons = _reasons(call, standing)
    state = {
        "status": "not_ready" if reasons else "ready",
        "reasons": [reason.value for reason in reasons],
        "limits": [limit.value for limit in _limits(call, standing)],
    }
    await call.answer(state, status=503 if reasons else 200)


async def metrics(call: Call) -> None:
    """Show all numbers to whoever has the operator's token.

    raises: EcholessError(NOT_FOUND) where the operator set none, EcholessError(INVALID_API_KEY) for another one,
            EcholessError(ENGINE_UNAVAILABLE) without a vault
    """
    wanted = call.settings.metrics_token_digest
    if not wanted:
        raise EcholessError(ErrorCode.NOT_FOUND, _NOTHING_HERE)
    shown = hashlib.sha256(call.shown_credential.encode()).hexdigest()
    if not hmac.compare_digest(shown, wanted):
        raise EcholessError(ErrorCode.INVALID_API_KEY, _NOT_YOU)
    page = await _asked(call, ReadMetrics())
    if not isinstance(page, MetricsPage):
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "The numbers cannot be had at this moment.")
    await call.answer_bytes(page.text, METRICS_MEDIA_TYPE.encode("ascii"))


async def _asked(call: Call, question: Record) -> Record | None:
    """Ask the vault; None where it is not there or does not answer in time."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await call.services.vault.ask(question)
    except (TimeoutError, EcholessError):
        return None


def _reasons(call: Call, vault: Readiness | None) -> list[Reason]:
    found = {
        Reason.DRAINING: call.services.duty.is_draining,
        Reason.VAULT_UNREACHABLE: vault is None,
        Reason.NO_ENGINE: call.services.engines.engine_count == 0,
        Reason.STARTING: vault is not None and vault.is_starting,
        Reason.STORE_FAILING: vault is not None and vault.is_store_failing,
    }
    return [reason for reason, is_true in found.items() if is_true]


def _limits(call: Call, vault: Readiness | None) -> list[Limit]:
    services, settings = call.services, call.settings
    found = {
        Limit.NO_ZERO_RETENTION: vault is None or not vault.is_confined,
        Limit.NO_MEDIA_ENGINE: settings.media_engine_count > 0 and not services.media.process_count,
        Limit.NO_LIVE_ENGINE: settings.live_engine_count > 0 and not services.live.process_count,
    }
    return [limit for limit, is_true in found.items() if is_true]


ROUTES: Final = (
    Route(
        "GET /health", health, "Whether this process reaches what it needs", is_public=True, is_always_served=True
    ),
    Route("GET /ready", ready, "Whether new work should be sent here", is_public=True, is_always_served=True),
    Route(
        "GET /metrics",
        metrics,
        "Numbers for Prometheus; needs the operator's metrics token",
        media_types=(METRICS_MEDIA_TYPE.partition(";")[0],),
        is_public=True,
        is_always_served=True,
        reads_credential=True,
    ),
)
