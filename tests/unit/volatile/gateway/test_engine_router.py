"""A job goes where its engine is."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.crossing.records import Normalization, Speak
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.engine_router import EngineRouter

pytestmark = pytest.mark.unit


class Engines:
    engine_count = 3

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def speak(self, ticket: Any, job: Any) -> Any:
        self.jobs.append(job.engine_model)
        return nullcontext()

    speak_on = speak


def speak(engine_model: str) -> Speak:
    return Speak("text", "v", "", "pcm_16000", {}, None, Normalization.OFF, False, 1, engine_model=engine_model)


def speak_on(engine_model: str) -> SpeakOn:
    return SpeakOn("v", "", "pcm_16000", {}, None, Normalization.OFF, False, False, 1, engine_model=engine_model)


def test_jobs_of_this_machine_go_to_its_engines_and_jobs_of_remotes_do_not() -> None:
    here, remotes = Engines(), Engines()
    router = EngineRouter(here, remotes)
    for engine in ("", "local:thorsten", "remote:upstream"):
        router.speak(NO_TICKET, speak(engine))
        router.speak_on(NO_TICKET, speak_on(engine))
    assert here.jobs == ["", "", "local:thorsten", "local:thorsten"]
    assert remotes.jobs == ["remote:upstream"] * 2
    assert router.engine_count == 3


def test_a_remote_that_is_not_there_is_no_reason_to_speak_elsewhere() -> None:
    here = Engines()
    with pytest.raises(EcholessError) as caught:
        EngineRouter(here).speak(NO_TICKET, speak("remote:upstream"))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert here.jobs == []
