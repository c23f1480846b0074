"""Identity over a real data directory, with codes caught on their way out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.erasure.items import Eraser
from echoless.vault.identity.identity import Identity
from echoless.vault.identity.passwords import Passwords
from echoless.vault.queries.administration import Administration
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.people import CaughtCodes

SESSION_S = 12 * 3600


@pytest.fixture
def codes() -> CaughtCodes:
    return CaughtCodes()


@pytest.fixture
async def identity(
    storage: Storage, clock: TurnedClock, journal: MemoryJournal, codes: CaughtCodes
) -> AsyncIterator[Identity]:
    eraser = Eraser(storage, RecentRequests(clock), clock, journal)
    made = Identity(
        storage, clock, erase=eraser.erase, sender=codes, session_life_s=SESSION_S,
        passwords=Passwords(memory_kib=64),
    )  # fmt: skip
    await made.load()
    yield made
    await made.close()


@pytest.fixture
async def workspace_id(storage: Storage, clock: TurnedClock) -> str:
    workspace, _, _ = await Administration(storage, clock).create_workspace("w", "enterprise", is_entitled=True)
    return workspace.workspace_id
