"""Passes: stored as digests, good once, and gone with their key."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity import passes as module
from echoless.vault.identity.identity import Identity
from echoless.vault.stores.membership import PassKind
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
NEW = "new@example.org"


async def invited(identity: Identity, workspace_id: str, address: str = NEW) -> str:
    _, code = await identity.passes.invite(workspace_id, address, MemberRole.VIEWER, "operator")
    return code


def is_good(identity: Identity, code: str, kind: PassKind = PassKind.INVITATION) -> bool:
    try:
        identity.passes.find(code, kind)
    except EcholessError as error:
        assert error.code is ErrorCode.INVALID_TOKEN
        return False
    return True


async def test_a_code_is_good_for_what_it_was_made_for_until_it_is_burnt(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    code = await invited(identity, workspace_id)
    assert is_good(identity, code) and not is_good(identity, code, PassKind.PASSWORD_RESET)
    found = identity.passes.find(code, PassKind.INVITATION)
    assert identity.passes.address_of(found) == NEW
    assert (found.digest, NEW.encode() in found.sealed_holder) == (storage.keyring.digest(code), False)
    await identity.passes.burn([found])
    assert not is_good(identity, code)
    await identity.passes.load()
    assert not is_good(identity, code)


async def test_a_code_that_was_taken_and_could_not_be_used_is_good_again(
    identity: Identity, workspace_id: str
) -> None:
    code = await invited(identity, workspace_id)
    found = identity.passes.find(code, PassKind.INVITATION)
    identity.passes.take(found)
    assert not is_good(identity, code)
    identity.passes.give_back(found)
    assert is_good(identity, code)


async def test_an_expired_code_stays_expired_when_the_clock_is_set_back(
    identity: Identity, workspace_id: str, clock: TurnedClock
) -> None:
    code = await invited(identity, workspace_id)
    clock.turn(module.INVITATION_LIFE_S)
    assert not is_good(identity, code)
    clock.now_ms -= 2 * module.INVITATION_LIFE_S * 1000
    assert not is_good(identity, code)


async def test_open_invitations_are_bounded_and_belong_to_their_workspace(
    identity: Identity, workspace_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INVITATIONS_MAX", 2)
    for number in range(2):
        await invited(identity, workspace_id, f"{number}@example.org")
    with pytest.raises(EcholessError) as caught:
        await invited(identity, workspace_id)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert identity.passes.invitations_of("elsewhere") == []
