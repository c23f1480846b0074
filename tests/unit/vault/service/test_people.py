"""Identity inside a vault: what time has closed goes by itself, and a failure of the store does not end that."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.control import StoreAccess, VaultConfig
from echoless.crossing.member_records import OperatorAddMember, OperatorChangeMember, OperatorListMembers
from echoless.vault.erasure.items import Eraser
from echoless.vault.service import people as module
from echoless.vault.service.people import PeopleDesk
from echoless.vault.service.vault import Vault
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.people import ADDRESS, PASSWORD, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.fixture
def stores() -> StoreAccess:
    """One pair of stores is enough: what is stored is tried on both where identity is tested."""
    return StoreAccess()


@pytest.fixture
def desk(vault: Vault, clock: TurnedClock, journal: MemoryJournal, config: VaultConfig) -> PeopleDesk:
    """A desk beside the vault's own, over the same stores."""
    storage: Storage = vault._storage
    eraser: Eraser = vault.eraser
    return PeopleDesk(
        storage, clock, journal, eraser=eraser, outbox=vault.outbox, courier=vault.courier,
        session_hours=config.session_hours,
    )  # fmt: skip


async def test_the_outbox_asks_identity_where_people_are_reached(vault: Vault) -> None:
    (workspace_id,) = vault.identity.people.accounts.workspaces
    member = await add_member(vault.identity, workspace_id, ADDRESS)
    assert vault.outbox.addresses.address_of(workspace_id, member.user_id) == ADDRESS.lower()
    assert vault.outbox.addresses.address_of("elsewhere", member.user_id) is None


async def test_a_session_lasts_as_long_as_the_operator_says_and_then_goes_away(
    desk: PeopleDesk, clock: TurnedClock, config: VaultConfig
) -> None:
    accounts = desk.identity.people.accounts
    (workspace_id,) = accounts.workspaces
    await add_member(desk.identity, workspace_id, ADDRESS)
    _, session, _ = await desk.identity.logins.log_in(ADDRESS, PASSWORD, "")
    assert session.expires_unix - session.created_unix == config.session_hours * 3600
    clock.turn(config.session_hours * 3600)
    tidying = asyncio.create_task(desk.tidy_for_ever())
    while accounts.sessions:
        await asyncio.sleep(0.01)
    tidying.cancel()


async def test_tidying_goes_on_after_a_failure_which_is_said(
    desk: PeopleDesk, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIDY_S", 0.0)
    calls = 0

    async def failing() -> int:
        nonlocal calls
        calls += 1
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the vault could not write")

    monkeypatch.setattr(desk.identity, "tidy", failing)
    tidying = asyncio.create_task(desk.tidy_for_ever())
    while calls < 3:
        await asyncio.sleep(0)
    tidying.cancel()
    said = [fields for event, fields in journal.events if event is Event.UNEXPECTED_ERROR]
    assert {"error": "internal_error", "module": "vault.identity"} in said


async def test_the_operator_has_three_acts(desk: PeopleDesk) -> None:
    assert set(desk.acts()) == {OperatorAddMember, OperatorListMembers, OperatorChangeMember}
