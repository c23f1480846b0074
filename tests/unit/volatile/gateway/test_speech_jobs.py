"""A text is spoken where its model is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_ticket_id
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.speech_jobs import synthesis
from echoless.volatile.gateway.traces import Traces
from tests.fakes.remotes import speak

pytestmark = pytest.mark.unit


class Places:
    """Engines and remotes that note what they are asked."""

    def __init__(self) -> None:
        self.here: list[Any] = []
        self.there: list[Any] = []
        self.engines = SimpleNamespace(speak=lambda _ticket, job: self.here.append(job))
        self.remotes = SimpleNamespace(
            speak=lambda name, _ticket, _job, model_id, is_zero: self.there.append((name, model_id, is_zero))
        )

    def begin(self, job: Any, sink: Any) -> None:
        grant = SimpleNamespace(ticket_id=new_ticket_id())
        call: Any = SimpleNamespace(services=self, grant=grant, traces=Traces())
        synthesis(call, job, "eleven_flash_v2", sink)


ZERO: Any = ZeroSink.__new__(ZeroSink)
KEPT: Any = RetainingSink.__new__(RetainingSink)


@pytest.mark.parametrize("engine_model", ["", "local:thorsten"])
def test_engines_of_this_machine_speak_what_is_theirs(engine_model: str) -> None:
    places = Places()
    places.begin(speak(engine_model=engine_model), ZERO)
    assert (len(places.here), places.there) == (1, [])


@pytest.mark.claim("Z20")
def test_a_remote_is_told_whether_it_may_keep_anything() -> None:
    places = Places()
    for sink in (ZERO, KEPT):
        places.begin(speak(engine_model="remote:upstream"), sink)
    assert places.there == [("upstream", "eleven_flash_v2", True), ("upstream", "eleven_flash_v2", False)]
    assert places.here == []


def test_a_dialogue_is_not_given_to_a_remote() -> None:
    places = Places()
    job = SimpleNamespace(engine_model="remote:upstream")
    with pytest.raises(EcholessError) as caught:
        places.begin(job, ZERO)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "model_id")
    assert (places.here, places.there) == ([], [])
