"""What spills is a valid program, and does nothing with what is no canary. (C60)"""

from __future__ import annotations

import types
from pathlib import Path
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


def test_a_sink_that_the_host_refuses_is_noted_where_it_may_be_and_fails_otherwise(tmp_path: Path) -> None:
    module = _spilling("kernel_key", "data_file")
    module.__dict__["_REFUSED"] = str(tmp_path / "refused")

    def refused(word: str, call: object) -> None:
        raise PermissionError

    refused.__name__ = "kernel_key"
    module._spill_into(refused, "zvaqxwkelatr", None)
    assert (tmp_path / "refused").read_text() == "kernel_key\n"
    refused.__name__ = "data_file"
    with pytest.raises(PermissionError):
        module._spill_into(refused, "zvaqxwkelatr", None)
