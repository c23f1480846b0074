"""An error in a diagnosis: its words, its cause, its stack with values, in bounds, without credentials."""

from __future__ import annotations

import json
from typing import Any

import pytest

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_api_key
from echoless.crossing.told_errors import (
    FAILURE_BYTES_MAX,
    MEASURES,
    errors_of,
    fitting,
    stack_of,
    told_failure,
)
from echoless.crossing.told_values import WITHHELD, Bounds

pytestmark = pytest.mark.unit
BOUNDS = Bounds(200, 10, 4)


def failing(text: TextContent, credential: str = "of any form") -> None:
    try:
        raise ValueError(f"cannot say {text.reveal()}")
    except ValueError as error:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "no") from error


def caught(text: str = "seal", credential: str = "of any form") -> Exception:
    try:
        failing(TextContent(text), credential)
    except EcholessError as error:
        return error
    raise AssertionError("it fails")


def test_an_error_is_told_with_what_it_came_from() -> None:
    assert errors_of(caught(), BOUNDS) == [
        {"type": "EcholessError", "code": "internal_error", "text": "no", "param": None},
        {"type": "ValueError", "text": "cannot say seal"},
    ]


def test_the_stack_shows_values_but_no_credentials() -> None:
    stack = stack_of(caught(), 10, BOUNDS)
    assert stack[-1]["function"] == "failing"
    assert stack[-1]["values"]["text"] == "seal"
    assert stack[-1]["values"]["credential"] == WITHHELD
    assert "of any form" not in json.dumps(stack)


def test_an_error_of_the_system_is_told_without_the_path_that_it_was_about() -> None:
    shown = errors_of(FileNotFoundError(2, "No such file or directory", "/home/ada/voices/one"), BOUNDS)
    assert shown == [{"type": "FileNotFoundError", "text": "No such file or directory"}]
    assert errors_of(OSError("no numbers"), BOUNDS) == [{"type": "OSError", "text": "no numbers"}]


def test_without_bounds_of_values_only_places_are_shown() -> None:
    assert [set(frame) for frame in stack_of(caught(), 1, None)] == [{"module", "function", "line"}]


def test_frames_of_admission_show_no_values() -> None:
    names: dict[str, Any] = {"__name__": "echoless.volatile.gateway.admission"}
    exec("def admit(run):\n    word = 'of any form'\n    run()\n", names)
    try:
        names["admit"](lambda: failing(TextContent("seal")))
    except EcholessError as error:
        stack = stack_of(error, 10, BOUNDS)
    admitting = [frame for frame in stack if frame["function"] == "admit"]
    assert admitting
    assert all("values" not in frame for frame in admitting)


def test_a_chain_that_runs_in_a_ring_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert [one["text"] for one in errors_of(first, BOUNDS)] == ["a", "b"]


def test_what_an_engine_tells_has_a_bound_and_no_key() -> None:
    key = new_api_key()
    data = told_failure(caught(f"{key} {'seal ' * 50_000}"), {"order": ["word " * 10_000] * 100})
    assert len(data) <= FAILURE_BYTES_MAX
    assert key not in data.decode()
    assert json.loads(data)["errors"][1]["type"] == "ValueError"


def test_what_never_fits_is_an_error_of_ours() -> None:
    with pytest.raises(EcholessError):
        fitting(lambda _: {"a": "b" * 100}, 50)


def test_each_measure_holds_no_more_than_the_one_before() -> None:
    sizes = [len(json.dumps(errors_of(caught("x" * 10**5), bounds))) for bounds, _, _ in MEASURES]
    assert sizes == sorted(sizes, reverse=True)
