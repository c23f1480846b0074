"""Which classes there are."""

from __future__ import annotations

import pytest

from echoless.retention.schedule import Kept
from echoless.vault.erasure.lives import Lives, ageing_classes
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_every_class_has_one_life_and_it_is_the_operators(storage: Storage, clock: TurnedClock) -> None:
    classes = ageing_classes(storage, RecentRequests(clock), Lives(-1, 2, 3, 4))
    assert {each.kept: each.days for each in classes} == {
        Kept.HISTORY: -1, Kept.REQUEST_LOG: 2, Kept.DEBUG_LOG: 3, Kept.MODERATION_LOG: 4, Kept.DELIVERIES: 2,
        Kept.JOBS: 30,
    }  # fmt: skip
    assert len(classes) == len(Kept)
