"""Codes go out as notices: sealed until they are sent, and to nobody else."""

from __future__ import annotations

import pytest

from echoless.crossing.control import StoreAccess
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.ports import Hook, Mail, Outcome
from echoless.vault.service.codes import OutboxCodes
from echoless.vault.service.vault import Vault
from tests.fakes.people import ADDRESS, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CODE = "ep_" + "1" * 48


@pytest.fixture
def stores() -> StoreAccess:
    """One pair of stores is enough: notices are tried on both."""
    return StoreAccess()


class CaughtMail:
    """Takes every message."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def send_mail(self, mail: Mail) -> Outcome:
        self.mails.append(mail)
        return Outcome("")

    async def post(self, hook: Hook, body: bytes) -> int:
        raise AssertionError("a code is for no webhook")


@pytest.mark.parametrize("kind", [NoticeKind.INVITATION, NoticeKind.PASSWORD_RESET])
async def test_a_code_reaches_its_address_and_is_nowhere_afterwards(vault: Vault, kind: NoticeKind) -> None:
    (workspace_id,) = vault.identity.people.accounts.workspaces
    member = await add_member(vault.identity, workspace_id, ADDRESS)
    courier = CaughtMail()
    vault.outbox.courier = courier
    codes = OutboxCodes(vault.outbox)
    if kind is NoticeKind.INVITATION:
        await codes.send_invitation(workspace_id, "new@example.org", "editor", CODE)
    else:
        await codes.send_password_code(member, CODE)
    assert await vault.outbox.run_due() == 1
    (mail,) = courier.mails
    expected = "new@example.org" if kind is NoticeKind.INVITATION else ADDRESS.lower()
    assert mail.address == expected and CODE in mail.text and CODE not in mail.subject
    assert await vault.outbox.run_due() == 0
