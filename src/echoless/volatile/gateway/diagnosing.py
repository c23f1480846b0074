"""The diagnosis of a failed zero-retention request: made here, sealed here, sent with the answer, kept nowhere.

Only for workspaces that have registered a key, and only for what failed: a refusal tells its client everything that
there is to know. Whoever has the key reads parameters, text, the state of the engine and the stack with its values.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from types import FrameType, TracebackType
from typing import Any, Final, Protocol

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, where
from echoless.crossing.client import ClientLeftError
from echoless.crossing.records import TicketGranted
from echoless.receipts.capsule import DIAGNOSIS_BYTES_MAX, seal
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import Endpoint
from echoless.volatile.gateway.calls import Outcome
from echoless.volatile.gateway.ports import GatewayServices, OpenTicketPort
from echoless.volatile.gateway.told_values import Bounds, told, told_text
from echoless.volatile.gateway.traces import Traces

VERSION: Final = 1
_FAILURES: Final = frozenset(
    {
        ErrorCode.INTERNAL_ERROR, ErrorCode.CROSSING_BROKEN, ErrorCode.CONTENT_REFUSED, ErrorCode.UNKNOWN_TICKET,
        ErrorCode.ENGINE_UNAVAILABLE, ErrorCode.STORE_UNAVAILABLE, ErrorCode.REQUEST_TIMEOUT,
        ErrorCode.INVALID_AUDIO, ErrorCode.AUDIO_TOO_SHORT, ErrorCode.AUDIO_TOO_LONG, ErrorCode.TOO_MANY_CHANNELS,
        ErrorCode.CONFIGURATION,
    }
)  # fmt: skip
# From generous to what always fits: texts, then frames with values of this many characters.
_MEASURES: Final = (
    (Bounds(48 * 1024, 256, 6), 40, Bounds(2048, 32, 4)),
    (Bounds(16 * 1024, 128, 6), 40, Bounds(512, 16, 3)),
    (Bounds(4 * 1024, 64, 5), 30, Bounds(128, 8, 2)),
    (Bounds(512, 16, 4), 20, None),
    (Bounds(128, 4, 2), 8, None),
)
# Frames of admission hold line and headers, with the credential that came in them.
_UNTOLD_MODULES: Final = ("echoless.volatile.gateway.admission", "echoless.volatile.gateway.socket_admission")


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
    if not traces.is_on or call.mode is not RetentionMode.ZERO or not is_diagnosed(error):
        return ""
    try:
        return seal(diagnosis_of(call, error), traces.capsule_key)
    except Exception as failure:  # whatever cannot be shown: the answer goes out without a capsule
        call.services.journal.say(Event.UNEXPECTED_ERROR, **where(type(failure), failure.__traceback__))
    return ""


def diagnosis_of(call: Diagnosed, error: BaseException) -> bytes:
    """Return the diagnosis as JSON, in its bound whatever the request holds."""
    data = b""
    for bounds, frame_count, values in _MEASURES:
        data = msgspec.json.encode(_parts_of(call, error, bounds, frame_count, values))
        if len(data) <= DIAGNOSIS_BYTES_MAX:
            return data
    raise EcholessError(ErrorCode.INTERNAL_ERROR, f"a diagnosis of {len(data)} bytes")


def _parts_of(
    call: Diagnosed, error: BaseException, bounds: Bounds, frame_count: int, values: Bounds | None
) -> dict[str, Any]:
    services, outcome = call.services, call.outcome
    return {
        "echoless_capsule": VERSION,
        "request_id": call.request_id,
        "endpoint": call.endpoint.name,
        "product": call.endpoint.product.value,
        "mode": call.mode.value,
        "level": call.grant.level.value,
        "time_unix": services.clock.unix_ms() // 1000,
        "duration_ms": max(0, int((services.clock.monotonic_s() - call.began_s) * 1000)),
        "errors": [_error_of(each, bounds) for each in _chain(error)],
        "parameters": {"path": [told_text(value, bounds.characters) for value in call.values]},
        "request": told(call.traces.parts(), bounds),
        "engine": {
            "engine_processes": services.engines.engine_count,
            "media_processes": services.media.process_count,
            "live_processes": services.live.process_count,
            "is_draining": services.duty.is_draining,
            "sent_audio_bytes": outcome.audio_bytes,
            "sent_audio_ms": outcome.audio_ms,
        },
        "stack": [_frame_of(frame, line, values) for frame, line in _frames(error, frame_count)],
    }


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < 8:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _error_of(error: BaseException, bounds: Bounds) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": type(error).__qualname__, "text": told_text(str(error), bounds.characters)}
    if isinstance(error, EcholessError):
        shown |= {"code": error.code.value, "text": error.public_description, "param": error.param}
    return shown


def _frames(error: BaseException, count_max: int) -> list[tuple[FrameType, int]]:
    """Return the innermost frames of an error and of what it came from, outermost first."""
    found: list[tuple[FrameType, int]] = []
    for each in reversed(list(_chain(error))):
        trace: TracebackType | None = each.__traceback__
        found.extend(traceback.walk_tb(trace))
    return found[-count_max:]


def _frame_of(frame: FrameType, line: int, values: Bounds | None) -> dict[str, Any]:
    """Return where a frame stands and, of those that hold no credentials, what its names mean."""
    code = frame.f_code
    module = str(frame.f_globals.get("__name__", ""))[:128]
    shown: dict[str, Any] = {"module": module, "function": code.co_qualname, "line": line}
    if values is not None and module not in _UNTOLD_MODULES:
        shown["values"] = told({name: value for name, value in frame.f_locals.items() if name != "self"}, values)
    return shown
