"""An answer that is not as intended is named; what was spoken is noted with its audio."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.planting import Manner, Planting, Script
from echoless.audit.sending import plant
from tests.unit.audit.conftest import SocketStub, Stub

pytestmark = pytest.mark.unit


def _good(is_kept: bool) -> Planting:
    text = CanaryMint(seed=1).plain("it/text", 40, is_kept=is_kept)
    return Planting("it", is_kept, "POST", "/speak", {"text": text.text}, text=text, output_format="mp3_44100_128")


@pytest.mark.parametrize(
    ("is_kept", "mode", "item", "is_intended"),
    [
        (False, "zero", "", True),
        (True, "default", "item", True),
        (False, "default", "", False),
        (False, "zero", "item", False),
        (True, "default", "", False),
        (True, "zero", "item", False),
        (False, "", "", False),
    ],
)
def test_mode_and_item_must_be_those_of_the_planting(
    stub: Stub, is_kept: bool, mode: str, item: str, is_intended: bool
) -> None:
    headers = {"x-echoless-retention": mode, "history-item-id": item}
    stub.reply = lambda *_: (200, {name: value for name, value in headers.items() if value}, b"audio")
    with AuditClient(stub.url, "k") as client:
        planted = plant(client, [_good(is_kept)])
    assert [(spoken.audio, spoken.history_item_id) for spoken in planted.spoken] == (
        [(b"audio", item)] if is_intended else []
    )
    assert (planted.unexpected == []) is is_intended


@pytest.mark.parametrize(("status", "is_intended"), [(422, True), (200, False), (500, False)])
def test_a_refusal_must_be_the_one_that_was_meant(stub: Stub, status: int, is_intended: bool) -> None:
    stub.reply = lambda *_: (status, {}, b"")
    planting = Planting("bad", False, "POST", "/", {}, statuses=(400, 422))
    with AuditClient(stub.url, "k") as client:
        planted = plant(client, [planting])
    assert (planted.unexpected == []) is is_intended
    assert planted.spoken == []


@pytest.mark.parametrize(("status", "is_intended"), [(200, True), (503, False)])
def test_a_stream_that_never_began_was_not_cancelled(stub: Stub, status: int, is_intended: bool) -> None:
    stub.reply = lambda *_: (status, {}, b"x" * 100_000)
    planting = Planting("gone", False, "POST", "/", {}, manner=Manner.CANCELLED)
    fractions: list[float] = []
    with AuditClient(stub.url, "k") as client:
        planted = plant(client, [planting, planting], fractions.append)
    assert (planted.unexpected == []) is is_intended
    assert fractions == [0.5, 1.0]


def _script(manner: Manner = Manner.WHOLE, *statuses: int, is_kept: bool = False) -> Planting:
    text = CanaryMint(seed=1).plain("it/text", 40, is_kept=is_kept)
    return Planting(
        "it",
        is_kept,
        "WS",
        "/s",
        Script(("say", "end")),
        statuses=statuses,
        manner=manner,
        text=text,
        output_format="mp3_44100_128",
    )


@pytest.mark.parametrize(("mode", "is_kept", "is_intended"), [
    ("zero", False, True), ("default", True, True), ("default", False, False), ("zero", True, False),
])  # fmt: skip
def test_a_socket_states_its_mode_and_no_item(
    socket_stub: SocketStub, mode: str, is_kept: bool, is_intended: bool
) -> None:
    socket_stub.headers = {"x-echoless-retention": mode, "request-id": "r1"}
    socket_stub.reply = lambda frame: 1000 if frame == "end" else "message"
    with AuditClient(socket_stub.url, "k") as client:
        planted = plant(client, [_script(Manner.WHOLE, 1000, is_kept=is_kept)])
    assert (planted.unexpected == []) is is_intended
    assert [(spoken.audio, spoken.request_id) for spoken in planted.spoken] == (
        [(b"message", "r1")] if is_intended else []
    )


def test_a_close_must_be_the_one_that_was_meant(socket_stub: SocketStub) -> None:
    socket_stub.reply = lambda _: 1011
    with AuditClient(socket_stub.url, "k") as client:
        planted = plant(client, [_script(Manner.WHOLE, 1008)])
    assert planted.unexpected == ["it: status 1011 instead of (1008,)"]


def test_a_refused_handshake_counts_as_its_status(socket_stub: SocketStub) -> None:
    socket_stub.refusal = 403
    with AuditClient(socket_stub.url, "k") as client:
        planted = plant(client, [Planting("it", False, "WS", "/s", Script(()), statuses=(403,))])
    assert planted.unexpected == []


def test_a_socket_is_held_open_until_it_is_closed(socket_stub: SocketStub) -> None:
    socket_stub.headers = {"x-echoless-retention": "zero"}
    socket_stub.reply = lambda frame: str(frame)
    with AuditClient(socket_stub.url, "k") as client:
        planted = plant(client, [_script(Manner.HELD_OPEN, 101)])
        assert planted.unexpected == []
        assert (len(planted.open_sockets), socket_stub.left.is_set()) == (1, False)
        planted.close_sockets()
    assert socket_stub.left.wait(5)
    assert planted.open_sockets == []


@pytest.mark.parametrize("manner", [Manner.CANCELLED, Manner.LEFT_WHILE_SENDING])
def test_a_socket_vanishes(socket_stub: SocketStub, manner: Manner) -> None:
    socket_stub.headers = {"x-echoless-retention": "zero"}
    socket_stub.reply = lambda frame: str(frame)
    with AuditClient(socket_stub.url, "k") as client:
        planted = plant(client, [_script(manner, 101)])
    assert planted.unexpected == []
    assert socket_stub.left.wait(5)
