"""A restriction and the notice of it stand or fall together, and nobody is told twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import DELAYS_S, Recipient
from echoless.vault.notices.ports import Hook, Mail, Outcome
from echoless.vault.notices.restrictions import MODERATION, RestrictionReason, Restrictions
from echoless.vault.service.vault import Vault
from echoless.vault.stores.accounts import Workspace
from echoless.vault.stores.members import MemberProfile
from echoless.vault.stores.notices import NoticeFilter, list_notices
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.trail import OPERATOR
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Courier:
    """Carries, or fails."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.outcome = Outcome("")

    async def send_mail(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return self.outcome

    async def post(self, hook: Hook, body: bytes) -> int:
        raise AssertionError("there is no webhook here")


@pytest.fixture
async def courier(vault: Vault) -> AsyncIterator[Courier]:
    vault.outbox.courier = courier = Courier()
    people = vault.identity.people
    async with people.one_at_a_time:
        await people.add(own(vault).workspace_id, MemberProfile("ann@example.org"), MemberRole.ADMIN, OPERATOR)
    yield courier


def own(vault: Vault) -> Workspace:
    return next(iter(vault.administration.accounts.workspaces.values()))


def restrictions_of(vault: Vault) -> Restrictions:
    return vault.telling.restrictions


async def kinds(vault: Vault) -> list[str]:
    found = await vault._storage.read(lambda reader: list_notices(reader, NoticeFilter(), count_max=100))
    return [notice.kind for notice in found]


@pytest.mark.claim("Z24")
async def test_a_restriction_that_cannot_be_written_tells_nobody_and_changes_nothing(
    vault: Vault, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = own(vault)

    async def fails(*_rows: object) -> None:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "the vault could not write")

    with monkeypatch.context() as patched:
        patched.setattr(vault._storage.writer, "now", fails)
        for act in (
            restrictions_of(vault).restrict(before.workspace_id, RestrictionReason.HIGH_RISK, OPERATOR),
            vault.outbox.post(before.workspace_id, NoticeKind.LIFTED, [Recipient("u")], {}),
        ):
            with pytest.raises(EcholessError):
                await act
    assert own(vault) == before
    assert await kinds(vault) == []
    assert vault.telling.standings.of(before.workspace_id).flagged_unix == 0


async def test_the_same_reason_twice_is_told_once_and_another_reason_again(vault: Vault, courier: Courier) -> None:
    workspace_id, restrict = own(vault).workspace_id, restrictions_of(vault).restrict
    assert await restrict(workspace_id, RestrictionReason.DISCRETION, OPERATOR)
    assert not await restrict(workspace_id, RestrictionReason.DISCRETION, OPERATOR)
    assert not await restrict(workspace_id, RestrictionReason.FLAGGED, MODERATION)
    assert await restrict(workspace_id, RestrictionReason.HIGH_RISK, OPERATOR)
    assert own(vault).restriction_reason == "high_risk"
    assert await kinds(vault) == ["zero_retention_restricted"] * 2


async def test_lifting_what_is_not_restricted_tells_nobody(vault: Vault, courier: Courier) -> None:
    assert not await restrictions_of(vault).lift(own(vault).workspace_id, OPERATOR)
    assert not await restrictions_of(vault).lift("nobody", OPERATOR)
    assert not await restrictions_of(vault).restrict("nobody", RestrictionReason.FLAGGED, MODERATION)
    assert await kinds(vault) == []


async def test_when_somebody_was_told_is_noted_once_and_is_no_change_of_policy(
    vault: Vault, courier: Courier, clock: TurnedClock
) -> None:
    courier.outcome = Outcome("no_mail_server")
    await restrictions_of(vault).restrict(own(vault).workspace_id, RestrictionReason.HIGH_RISK, OPERATOR)
    version = own(vault).policy_version
    await vault.outbox.run_due()
    assert own(vault).notified_at_unix == 0
    clock.turn(DELAYS_S[0])
    courier.outcome = Outcome("")
    await vault.outbox.run_due()
    assert own(vault).notified_at_unix == clock.unix_ms() // 1000
    assert own(vault).policy_version == version
    assert [mail.address for mail in courier.mails] == ["ann@example.org"] * 2


async def test_an_old_notice_that_arrives_late_says_nothing_of_a_newer_restriction(
    vault: Vault, courier: Courier, clock: TurnedClock
) -> None:
    workspace_id, acts = own(vault).workspace_id, restrictions_of(vault)
    courier.outcome = Outcome("no_mail_server")
    await acts.restrict(workspace_id, RestrictionReason.HIGH_RISK, OPERATOR)
    await vault.outbox.run_due()
    await acts.lift(workspace_id, OPERATOR)
    clock.turn(DELAYS_S[0])
    await acts.restrict(workspace_id, RestrictionReason.DISCRETION, OPERATOR)
    listed = await vault._storage.read(lambda reader: list_notices(reader, NoticeFilter(), count_max=100))
    await acts.note_delivered(listed[-1])
    assert own(vault).notified_at_unix == 0
    await acts.note_delivered(listed[0])
    assert own(vault).notified_at_unix == clock.unix_ms() // 1000
