"""Where a job with a recording is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import Convert, Transcribe
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.media_jobs import conversion, recognition
from tests.fakes.gateway import gateway_config
from tests.unit.crossing.test_media_client import CONVERT, TRANSCRIBE
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = pytest.mark.unit


class Places:
    """Notes who was asked for what."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def convert(self, *asked: Any, **more: Any) -> None:
        self.asked.append((*asked, *more.values()))

    transcribe = convert


class Ticket:
    """What a call needs of its ticket."""

    class grant:
        ticket_id = bytes(16)


def call_with(media: Places, remotes: Places) -> Call:
    call = new_call([])
    call.services = replace(call.services, media=media, remotes=remotes)  # type: ignore[arg-type]  # doubles
    call.ticket = Ticket()  # type: ignore[assignment]  # as much of it as is used
    return call


@pytest.mark.parametrize("order", [CONVERT, TRANSCRIBE])
@pytest.mark.parametrize("engine", ["", "local:whisper"])
def test_installed_engines_are_here(order: Convert | Transcribe, engine: str) -> None:
    media, remotes = Places(), Places()
    named = msgspec.structs.replace(order, engine_model=engine)
    begin: Any = conversion if isinstance(order, Convert) else recognition
    begin(call_with(media, remotes), named, "m", ZeroSink(Ticket()))  # type: ignore[arg-type]  # never used
    assert media.asked == [(bytes(16), named)]
    assert not remotes.asked


@pytest.mark.parametrize("order", [CONVERT, TRANSCRIBE])
def test_a_server_without_media_processes_does_not_offer_them(order: Convert | Transcribe) -> None:
    call = call_with(Places(), Places())
    call.settings = gateway_config(media_engine_count=0)
    begin: Any = conversion if isinstance(order, Convert) else recognition
    with pytest.raises(EcholessError) as caught:
        begin(call, order, "m", ZeroSink(Ticket()))  # type: ignore[arg-type]  # never used
    assert caught.value.code is ErrorCode.NOT_AVAILABLE


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("order", [CONVERT, TRANSCRIBE])
@pytest.mark.parametrize("sink_type", [ZeroSink, RetainingSink])
def test_a_remote_is_told_whether_anything_may_be_kept(order: Convert | Transcribe, sink_type: Any) -> None:
    media, remotes = Places(), Places()
    named = msgspec.structs.replace(order, engine_model="remote:there")
    begin: Any = conversion if isinstance(order, Convert) else recognition
    begin(call_with(media, remotes), named, "m", sink_type(Ticket()))
    assert remotes.asked == [("there", bytes(16), named, "m", sink_type is ZeroSink)]
    assert not media.asked
