"""What is kept where, why and how long."""

from __future__ import annotations

import pytest

from echoless.retention.classes import CLASSES, STORES, Eraser, Purpose
from echoless.retention.schedule import Kept

pytestmark = pytest.mark.unit


@pytest.mark.seed("S1")
def test_every_class_and_every_store_has_a_written_purpose() -> None:
    for kept in CLASSES:
        assert kept.purposes, kept.name
        assert all(len(text) > 10 for text in (kept.holds, kept.check)), kept.name
    assert all(store.purposes and store.holds and store.places for store in STORES)
    used = {purpose for kept in CLASSES for purpose in kept.purposes}
    assert used == set(Purpose)


def test_every_store_is_used_by_a_class_and_every_class_is_in_known_stores() -> None:
    names = {store.name for store in STORES}
    assert {name for kept in CLASSES for name in kept.stores} == names
    assert len(names) == len(STORES)
    assert len({kept.name for kept in CLASSES}) == len(CLASSES)


def test_whatever_lives_for_days_is_ended_by_somebody_who_counts_them() -> None:
    counts = {Eraser.SCHEDULE, Eraser.EXPIRY}
    for kept in CLASSES:
        assert kept.erased_by, kept.name
        assert kept.life_days is None or counts.intersection(kept.erased_by), kept.name


def test_each_class_of_the_schedule_is_told() -> None:
    told = {kept.name for kept in CLASSES if Eraser.SCHEDULE in kept.erased_by}
    assert told == {kept.value for kept in Kept}


@pytest.mark.seed("S26")
def test_backups_live_no_longer_than_thirty_days() -> None:
    (backups,) = (kept for kept in CLASSES if kept.name == "backups")
    assert backups.life_days == 30


def test_what_holds_content_keeps_nothing_of_zero_retention() -> None:
    assert not [kept.name for kept in CLASSES if kept.has_content and kept.keeps_zero]
    zero = {kept.name for kept in CLASSES if kept.keeps_zero}
    assert zero == {"request_log", "usage", "verdicts", "deliveries", "receipts"}
