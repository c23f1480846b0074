"""The diagnosis of a failed zero-retention request: made here, sealed here, sent with the answer, kept nowhere.

Only for workspaces that have registered a key, and only for what failed: a refusal tells its client everything that
there is to know. Whoever has the key reads parameters, text, the state of the engine and the stack with its values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, where
from echoless.crossing.client import ClientLeftError
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.records import TicketGranted
from echoless.crossing.told_errors import Measure, errors_of, fitting, stack_of
from echoless.crossing.told_values import Bounds, told, told_text
from echoless.receipts.capsule import DIAGNOSIS_BYTES_MAX, seal
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import Endpoint
from echoless.retention.floors import binds_to_zero
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.ports import GatewayServices, OpenTicketPort
from echoless.volatile.gateway.traces import ENGINE_FAILURE, Traces

VERSION: Final = 1
_FAILURES: Final = frozenset(
    {
        ErrorCode.INTERNAL_ERROR, ErrorCode.CROSSING_BROKEN, ErrorCode.CONTENT_REFUSED, ErrorCode.UNKNOWN_TICKET,
        ErrorCode.ENGINE_UNAVAILABLE, ErrorCode.STORE_UNAVAILABLE, ErrorCode.REQUEST_TIMEOUT,
        ErrorCode.INVALID_AUDIO, ErrorCode.AUDIO_TOO_SHORT, ErrorCode.AUDIO_TOO_LONG, ErrorCode.TOO_MANY_CHANNELS,
        ErrorCode.CONFIGURATION,
    }
)  # fmt: skip


class Diagnosed(Protocol):
    """A request or a socket, as far as a diagnosis goes."""

    endpoint: Endpoint
    values: tuple[str, ...]
    request_id: str
    mode: RetentionMode
    services: GatewayServices
    began_s: float
    ticket: OpenTicketPort | None
    outcome: Outcome
    traces: Traces

    @property
    def grant(self) -> TicketGranted:
        """What the vault decided."""
        ...


class DiagnosedSocket(Diagnosed, Protocol):
    """A socket, which says at most once what failed."""

    capsule: str


def begin_traces(call: Diagnosed, query: Sequence[tuple[str, str]]) -> None:
    """Take note of what a request asks for, once it has a ticket, where its workspace has registered a key."""
    call.traces.begin(call.grant.capsule_key)
    call.traces.note("query", query)


def seal_failure(call: DiagnosedSocket, error: BaseException) -> None:
    """Seal what failed first on a socket, before its ticket is closed: the close says that there is a capsule."""
    if not call.capsule:
        call.capsule = capsule_for(call, error)
        call.outcome.has_capsule = bool(call.capsule)


def is_diagnosed(error: BaseException) -> bool:
    """Whether something failed: nobody was refused, and nobody has left."""
    if isinstance(error, EcholessError):
        return error.code in _FAILURES and not isinstance(error, ClientLeftError)
    return isinstance(error, Exception)


def capsule_for(call: Diagnosed, error: BaseException) -> str:
    """Return the sealed diagnosis of a failure, or nothing where none is made.

    A failure to make one is said by its type and changes nothing for the client.
    """
    traces = call.traces
    # A vault names a key for zero-retention work only; this side does not rely on it.
    if not traces.is_on or not binds_to_zero(call.mode) or not is_diagnosed(error):
        return ""
    try:
        return seal(diagnosis_of(call, error), traces.capsule_key)
    except Exception as failure:  # whatever cannot be shown: the answer goes out without a capsule
        call.services.journal.say(Event.UNEXPECTED_ERROR, **where(type(failure), failure.__traceback__))
    return ""


def diagnosis_of(call: Diagnosed, error: BaseException) -> bytes:
    """Return the diagnosis as JSON, in its bound whatever the request holds."""
    return fitting(lambda measure: _parts_of(call, error, measure), DIAGNOSIS_BYTES_MAX)


def _parts_of(call: Diagnosed, error: BaseException, measure: Measure) -> dict[str, Any]:
    bounds, frame_count, values = measure
    services, request = call.services, call.traces.parts()
    failure = request.pop(ENGINE_FAILURE, None)
    return {
        "echoless_capsule": VERSION,
        "request_id": call.request_id,
        "endpoint": call.endpoint.name,
        "product": call.endpoint.product.value,
        "mode": call.mode.value,
        "level": call.grant.level.value,
        "time_unix": services.clock.unix_ms() // 1000,
        "duration_ms": max(0, int((services.clock.monotonic_s() - call.began_s) * 1000)),
        "errors": errors_of(error, bounds),
        "parameters": {"path": [told_text(value, bounds.characters) for value in call.values]},
        "request": told(request, bounds),
        "engine": {
            "engine_processes": services.engines.engine_count,
            "media_processes": services.media.process_count,
            "live_processes": services.live.process_count,
            "is_draining": services.duty.is_draining,
            "sent_audio_bytes": call.outcome.audio_bytes,
            "sent_audio_ms": call.outcome.audio_ms,
            "failure": _failure_of(failure, bounds),
        },
        "stack": stack_of(error, frame_count, values),
    }


def _failure_of(failure: object, bounds: Bounds) -> Any:
    """Return what the engine's process said, as it said it where there is room."""
    if not isinstance(failure, JobDiagnosis):
        return None
    return told(msgspec.json.decode(failure.told), dataclasses.replace(bounds, depth=bounds.depth + 4))
