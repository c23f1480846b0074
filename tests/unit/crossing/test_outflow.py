"""Order, windows and sizes of what a job sends."""

from __future__ import annotations

import socket

import pytest

from echoless.core.content import AudioContent
from echoless.core.ids import NO_TICKET
from echoless.crossing.gateway_link import GatewayLink
from echoless.crossing.outflow import Outflow
from echoless.crossing.records import KIND_AUDIO, SpeechBegan, SpeechEnded, core_registry
from echoless.crossing.wire import FrameReader

pytestmark = pytest.mark.unit


def opened(window_bytes: int) -> tuple[Outflow, socket.socket]:
    near, far = socket.socketpair()
    link = GatewayLink(near)
    return Outflow(link, core_registry(), correlation=3, ticket=NO_TICKET, window_bytes=window_bytes), far


def kinds(far: socket.socket) -> list[tuple[int, int]]:
    reader = FrameReader()
    count = far.recv_into(reader.writable())
    return [(frame.header.kind, len(frame.payload)) for frame in reader.advance(count)]


def test_records_keep_their_place_between_audio() -> None:
    outflow, far = opened(2**20)
    outflow.post(SpeechBegan(None))
    outflow.send_audio(AudioContent(b"a" * 10))
    outflow.send_audio(AudioContent(b"b" * 20))
    outflow.post(SpeechBegan(None))
    outflow.send_audio(AudioContent(b"c" * 30))
    outflow.post(SpeechEnded("", 0, 0))
    outflow.flush()
    seen = [kind if kind != KIND_AUDIO else size for kind, size in kinds(far)]
    assert seen == [SpeechBegan.KIND, 10, 20, SpeechBegan.KIND, 30, SpeechEnded.KIND]
    assert outflow.is_empty
    far.close()
    outflow._link.close()


def test_the_beginning_and_the_first_audio_wake_the_reader_once() -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    outflow = Outflow(GatewayLink(near), core_registry(), correlation=3, ticket=NO_TICKET, window_bytes=2**20)
    outflow.post(SpeechBegan(None))
    outflow.send_audio(AudioContent(b"a" * 10))
    assert kinds(far) == [(SpeechBegan.KIND, 2), (KIND_AUDIO, 10)]
    far.close()
    outflow._link.close()


def test_a_frame_is_cut_at_the_window_and_the_rest_waits() -> None:
    outflow, far = opened(20_000)
    outflow.send_audio(AudioContent(b"a" * 50_000))
    assert kinds(far) == [(KIND_AUDIO, 20_000)]
    assert not outflow.is_empty
    outflow.open_window(15_000)
    outflow.flush()
    assert kinds(far) == [(KIND_AUDIO, 15_000)]
    outflow.drop()
    assert outflow.is_empty
    assert not outflow.is_full
    far.close()
    outflow._link.close()
