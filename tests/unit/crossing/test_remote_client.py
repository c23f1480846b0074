"""What a gateway lets no remote have, decided before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.crossing.egress_client import EgressLinks
from echoless.crossing.egress_control import RemoteFacts
from echoless.crossing.media_records import Convert, Transcribe
from echoless.crossing.records import PronunciationRule, Speak
from echoless.crossing.remote_client import RemotePool
from tests.fakes.remotes import convert, speak, transcribe

pytestmark = pytest.mark.unit


def facts(name: str = "one", **more: Any) -> RemoteFacts:
    values: dict[str, Any] = {
        "name": name, "peer_name": "egress-0", "is_zero_declared": True, "output_formats": ("pcm_24000",),
        "has_alignment": False, "can_convert": False, "has_speakers": False,
    }  # fmt: skip
    return RemoteFacts(**(values | more))


def code_of(begin: Callable[[], object]) -> tuple[ErrorCode, str | None]:
    with pytest.raises(EcholessError) as caught:
        begin()
    return caught.value.code, caught.value.param


@pytest.mark.claim("Z20")
def test_no_kind_of_zero_retention_work_goes_to_a_remote_that_did_not_declare_it() -> None:
    pool = RemotePool(EgressLinks(), (facts(is_zero_declared=False, can_convert=True),))
    for begin in (
        lambda: pool.speak("one", NO_TICKET, speak(), model_id="m", is_zero=True),
        lambda: pool.transcribe("one", NO_TICKET, transcribe(), model_id="m", is_zero=True),
        lambda: pool.convert("one", NO_TICKET, convert(), model_id="m", is_zero=True),
    ):
        assert code_of(begin) == (ErrorCode.ZERO_RETENTION_NOT_SUPPORTED, "model_id")


@pytest.mark.parametrize(
    ("job", "param"),
    [
        (speak(output_format="mp3_44100_128"), "output_format"),
        (speak(wants_alignment=True), "model_id"),
        (speak(rules=[PronunciationRule("a", "b")]), "pronunciation_dictionary_locators"),
        (transcribe(is_diarized=True), "diarize"),
        (transcribe(is_multichannel=True), "use_multi_channel"),
        (transcribe(wants_characters=True), "timestamps_granularity"),
        (convert(), "model_id"),
    ],
)
def test_what_a_remote_cannot_do_is_refused_and_named(job: Speak | Transcribe | Convert, param: str) -> None:
    pool = RemotePool(EgressLinks(), (facts(),))

    def begin() -> object:
        if isinstance(job, Speak):
            return pool.speak("one", NO_TICKET, job, model_id="m", is_zero=True)
        if isinstance(job, Transcribe):
            return pool.transcribe("one", NO_TICKET, job, model_id="m", is_zero=True)
        return pool.convert("one", NO_TICKET, job, model_id="m", is_zero=True)

    assert code_of(begin) == (ErrorCode.INVALID_PARAMETERS, param)


def test_a_remote_that_is_not_there_is_unavailable() -> None:
    for pool in (RemotePool(EgressLinks()), RemotePool(EgressLinks(), (facts(),))):
        begin = lambda: pool.speak("one", NO_TICKET, speak(), model_id="m", is_zero=True)  # noqa: B023, E731  # used at once
        assert code_of(begin)[0] is ErrorCode.ENGINE_UNAVAILABLE
