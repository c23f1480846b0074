"""Which plantings say most of logs, and what the kernel shows of a process's variables."""

from __future__ import annotations

import subprocess
import sys

import pytest

from echoless.audit.parts.surroundings import SWITCHES, chosen, variables_of
from echoless.audit.planting import Manner, Planting
from echoless.supervisor.children import child_environment

pytestmark = pytest.mark.unit


def planting(name: str, manner: Manner = Manner.WHOLE) -> Planting:
    return Planting(name, False, "POST", "/", None, manner=manner)


def test_everything_that_ends_in_an_error_is_chosen_and_some_of_the_rest() -> None:
    plantings = [planting("zero/refused/flag"), *(planting(f"zero/{number}") for number in range(60))]
    plantings += [planting("zero/left", Manner.LEFT_WHILE_SENDING), planting("zero/cut", Manner.CANCELLED)]
    names = {each.name for each in chosen(plantings)}
    assert {"zero/refused/flag", "zero/left", "zero/cut"} <= names
    assert 5 < len(names) < 30


def test_the_variables_of_a_process_are_seen_from_outside() -> None:
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "input(1)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"OPENAI_LOG": "debug", "LANG": "C"},
    ) as process:  # fmt: skip
        # While a program is being exchanged for another it has no variables for a moment.
        assert process.stdout is not None
        assert process.stdout.read(1) == b"1"
        assert variables_of(process.pid) == {"OPENAI_LOG", "LANG"}
        process.communicate(b"\n")


def test_no_switch_is_among_the_variables_that_children_are_given() -> None:
    """T26: the check in a running server would see it; here it is quick."""
    assert not set(SWITCHES) & set(child_environment(SWITCHES, {}, has_allocator_profile=True))
