"""How many receipts are signed a minute: of the last minute, by mode, in bounded memory."""

from __future__ import annotations

import msgspec
import pytest

from echoless.receipts.receipt import Receipt
from echoless.vault.intake.receipt_pace import ReceiptPace
from tests.fakes.gateway_double import TurnedClock
from tests.unit.receipts.test_receipt import RECEIPT

pytestmark = pytest.mark.unit


def receipts(*modes: str, is_capsule: bool = False) -> list[Receipt]:
    return [msgspec.structs.replace(RECEIPT, mode=mode, is_capsule=is_capsule) for mode in modes]


def test_receipts_are_counted_by_mode_for_a_minute_and_for_ever(clock: TurnedClock) -> None:
    pace = ReceiptPace(clock)
    pace.note(receipts("zero", "zero", "default"))
    clock.turn(30)
    pace.note(receipts("zero"))
    assert pace.last_minute() == {"zero": 3, "default": 1}
    clock.turn(30)
    assert pace.last_minute() == {"zero": 1, "default": 0}
    clock.turn(30)
    assert pace.last_minute() == {"zero": 0, "default": 0}
    assert pace.signed == {"zero": 3, "default": 1}


def test_those_with_a_capsule_are_counted(clock: TurnedClock) -> None:
    pace = ReceiptPace(clock)
    pace.note([*receipts("zero", is_capsule=True), *receipts("zero")])
    assert pace.capsule_count == 1


def test_many_batches_of_a_minute_need_no_more_room_than_its_seconds(clock: TurnedClock) -> None:
    pace = ReceiptPace(clock)
    for _ in range(1000):
        pace.note(receipts("zero"))
        clock.turn(0.1)
    assert len(pace._batches) <= 62
    assert 590 <= pace.last_minute()["zero"] <= 620
