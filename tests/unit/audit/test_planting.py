"""An answer that is not as intended is named; what was spoken is noted with its audio."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.planting import plant
from echoless.audit.plantings import Manner, Planting
from tests.unit.audit.conftest import Stub

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
