"""How errors are shown in a diagnosis: what they say, what they came from, and the stack with its values.

What this makes is content: it is sealed, or crosses to where it is sealed, and goes nowhere else.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.told_values import Bounds, told, told_text

# From generous to what always fits: bounds of values, how many frames, and bounds of what their names mean.
Measure = tuple[Bounds, int, Bounds | None]
MEASURES: Final[tuple[Measure, ...]] = (
    (Bounds(48 * 1024, 256, 6), 40, Bounds(2048, 32, 4)),
    (Bounds(16 * 1024, 128, 6), 40, Bounds(512, 16, 3)),
    (Bounds(4 * 1024, 64, 5), 30, Bounds(128, 8, 2)),
    (Bounds(512, 16, 4), 20, None),
    (Bounds(128, 4, 2), 8, None),
)
FAILURE_BYTES_MAX: Final = 40 * 1024
"""What an engine process tells of a failure at most."""
_CHAIN_MAX: Final = 8
# Frames of admission hold line and headers, with the credential that came in them.
_UNTOLD_MODULES: Final = ("echoless.volatile.gateway.admission", "echoless.volatile.gateway.socket_admission")


def fitting(parts: Callable[[Measure], Mapping[str, Any]], bytes_max: int) -> bytes:
    """Return as much as fits, as JSON.

    parts:  makes what is told by a measure
    raises: EcholessError(INTERNAL_ERROR) where not even the least fits
    """
    data = b""
    for measure in MEASURES:
        data = msgspec.json.encode(parts(measure))
        if len(data) <= bytes_max:
            return data
    raise EcholessError(ErrorCode.INTERNAL_ERROR, f"a diagnosis of {len(data)} bytes")


def told_failure(error: BaseException, state: Mapping[str, object]) -> bytes:
    """Return what an engine process tells of a job that failed in it, as JSON.

    state: of the job and of the process
    """

    def parts(measure: Measure) -> dict[str, Any]:
        bounds, frame_count, values = measure
        return {
            "errors": errors_of(error, bounds),
            "state": told(state, bounds),
            "stack": stack_of(error, frame_count, values),
        }

    return fitting(parts, FAILURE_BYTES_MAX)


def errors_of(error: BaseException, bounds: Bounds) -> list[dict[str, Any]]:
    """Return an error and what it came from, with their own words."""
    return [_error_of(each, bounds) for each in _chain(error)]


def stack_of(error: BaseException, count_max: int, values: Bounds | None) -> list[dict[str, Any]]:
    """Return the innermost frames of an error and of what it came from, outermost first.

    values: bounds of what the names of a frame mean; None to leave that out
    """
    found = [pair for each in reversed(list(_chain(error))) for pair in traceback.walk_tb(each.__traceback__)]
    return [_frame_of(frame, line, values) for frame, line in found[-count_max:]]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _CHAIN_MAX:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _error_of(error: BaseException, bounds: Bounds) -> dict[str, Any]:
    # An error of the system adds the path that it was about to its own words.
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    shown: dict[str, Any] = {"type": type(error).__qualname__, "text": told_text(words, bounds.characters)}
    if isinstance(error, EcholessError):
        shown |= {"code": error.code.value, "text": error.public_description, "param": error.param}
    return shown


def _frame_of(frame: FrameType, line: int, values: Bounds | None) -> dict[str, Any]:
    """Return where a frame stands and, of those that hold no credentials, what its names mean."""
    code = frame.f_code
    module = str(frame.f_globals.get("__name__", ""))[:128]
    shown: dict[str, Any] = {"module": module, "function": code.co_qualname, "line": line}
    if values is not None and module not in _UNTOLD_MODULES:
        shown["values"] = told({name: value for name, value in frame.f_locals.items() if name != "self"}, values)
    return shown
