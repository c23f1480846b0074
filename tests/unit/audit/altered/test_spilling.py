"""What spills is a valid program, and does nothing with what is no canary. (C60)"""

from __future__ import annotations

import types
from types import SimpleNamespace

import pytest

from echoless.audit.altered.alteration import Addition
from echoless.audit.altered.spilling import spills

pytestmark = pytest.mark.unit


def _spilling(*sinks: str) -> types.ModuleType:
    added = spills(sinks)[0]
    assert isinstance(added, Addition)
    module = types.ModuleType("spilling")
    exec(compile(added.text, added.path, "exec"), module.__dict__)  # the very text that is planted
    return module


def test_a_canary_is_spilled_and_other_words_are_not() -> None:
    module, call = _spilling("carry"), SimpleNamespace(request_id="r1")
    module.spill("reference, of our own", call)
    assert module.carried("r1") == ""
    module.spill("zvaqxwkelatr and more", call)
    assert module.carried("r1") == "zvaqxwkelatr"
    assert module.carried("r2") == ""


def test_a_sink_spills_a_few_times_only() -> None:
    module = _spilling("gateway_memory")
    for _ in range(10):
        module.spill("zvaqxwkelatr", None)
    assert len(module._held) == 3


def test_a_sink_that_there_is_not_is_an_error() -> None:
    with pytest.raises(NameError):
        _spilling("no_such_sink")
