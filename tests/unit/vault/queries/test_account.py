"""The owner's word on the end of the account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.account_records import (
    AskDeletion,
    CancelDeletion,
    ConfirmDeletion,
    DeletionView,
    GetDeletion,
)
from echoless.crossing.control import VaultConfig
from echoless.crossing.member_records import MemberList, OperatorAddMember
from echoless.crossing.query_records import Done
from echoless.crossing.records import OpenTicket, Record, Refused
from echoless.retention.decision import Switch
from echoless.vault.queries.account import FRESH_S
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import KEY, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PASSWORD = "correct horse battery staple"
WORKSPACE, DELETION = "/v1/workspace", "/v1/workspace/deletion"


@dataclass
class People:
    """A vault that sends mail, with an owner and an editor who are logged in."""

    vault: Vault
    gateway: GatewayDouble
    workspace_id: str
    owner: str
    other: str
    secrets: list[dict[str, str]] = field(default_factory=list)

    async def ask(self, expected: type[Record], password: str = "", key: str = "") -> Record:
        record = AskDeletion(password)
        return await self.gateway.question(f"DELETE {WORKSPACE}", record, expected, key=key or self.owner)

    async def confirm(self, code: str, expected: type[Record]) -> Record:
        record = ConfirmDeletion(code)
        return await self.gateway.question(f"POST {DELETION}/confirm", record, expected, key=self.owner)

    async def code(self) -> str:
        """What the mail said."""
        found = [secrets["code"] for secrets in self.secrets if "code" in secrets]
        return found[-1]


@pytest.fixture
async def people(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[People]:
    mailing = msgspec.structs.replace(config, has_mail=True, account_deletion_wait_days=1)
    async with open_vault(mailing, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        workspace_id = next(iter(vault.administration.accounts.workspaces))
        tokens = []
        for address, role in (("owner@example.org", "admin"), ("editor@example.org", "editor")):
            added = await vault.operate(OperatorAddMember(workspace_id, address, role, PASSWORD))
            assert isinstance(added, MemberList), added
            _, _, token = await vault.identity.logins.log_in(address, PASSWORD, "")
            tokens.append(token)
        made = People(vault, gateway, workspace_id, *tokens)
        draft = vault.outbox.draft

        def noting(*words: object, secrets: dict[str, str] | None = None) -> object:
            made.secrets.append(secrets or {})
            return draft(*words, secrets=secrets)  # type: ignore[arg-type]  # as the outbox takes them

        monkeypatch.setattr(vault.outbox, "draft", noting)
        yield made


@pytest.mark.claim("Z28")
async def test_an_owner_deletes_by_password_and_the_code_of_a_mail(people: People, clock: TurnedClock) -> None:
    """S27: asked with the password, confirmed by mail, waited for, done."""
    clock.turn(FRESH_S + 1)
    asked = await people.ask(DeletionView, PASSWORD)
    assert isinstance(asked, DeletionView)
    assert asked.state == "unconfirmed"
    confirmed = await people.confirm(await people.code(), DeletionView)
    assert isinstance(confirmed, DeletionView)
    assert confirmed.state == "waiting"
    await people.vault.jobs.run_due()
    shown = await people.gateway.question(f"GET {DELETION}", GetDeletion(), DeletionView, key=people.owner)
    assert shown == confirmed
    clock.turn(86_401)
    await people.vault.jobs.run_due()
    assert people.vault.account_eraser.certificates.ids() == [confirmed.deletion_id]
    assert not people.vault.administration.accounts.members


async def test_a_fresh_login_stands_for_the_password_and_an_old_one_does_not(
    people: People, clock: TurnedClock
) -> None:
    await people.ask(DeletionView)
    clock.turn(FRESH_S + 1)
    refused = await people.ask(Refused)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_CREDENTIALS.value, "password")


async def test_a_clock_that_was_set_back_makes_no_login_fresh(people: People, clock: TurnedClock) -> None:
    clock.now_ms -= 1000
    await people.ask(Refused)


async def test_a_wrong_password_asks_for_nothing(people: People) -> None:
    await people.ask(Refused, "not the right one at all")
    assert not people.secrets
    assert not people.vault.account_eraser.requests


@pytest.mark.claim("Z28")
async def test_neither_a_key_nor_a_member_who_is_not_the_owner_deletes(people: People) -> None:
    refused_key = await people.ask(Refused, PASSWORD, key=KEY)
    question = OpenTicket(f"DELETE {WORKSPACE}", people.other, Switch.ABSENT, "")
    refused_editor = await people.gateway.ask(question, Refused)
    for refused in (refused_key, refused_editor):
        assert isinstance(refused, Refused)
        assert refused.code == ErrorCode.MISSING_PERMISSIONS.value
    assert not people.vault.account_eraser.requests


async def test_codes_are_guessed_a_few_times_only(people: People) -> None:
    await people.ask(DeletionView, PASSWORD)
    for _ in range(5):
        await people.confirm("a" * 20, Refused)
    await people.confirm(await people.code(), Refused)


async def test_a_code_ends_after_an_hour_and_with_the_next_one(people: People, clock: TurnedClock) -> None:
    await people.ask(DeletionView, PASSWORD)
    first = await people.code()
    await people.ask(DeletionView, PASSWORD)
    await people.confirm(first, Refused)
    clock.turn(3601)
    await people.confirm(await people.code(), Refused)


async def test_a_code_works_once(people: People) -> None:
    await people.ask(DeletionView, PASSWORD)
    code = await people.code()
    await people.confirm(code, DeletionView)
    await people.confirm(code, Refused)


async def test_the_code_is_nowhere_in_clear(people: People, config: VaultConfig) -> None:
    from pathlib import Path

    await people.ask(DeletionView, PASSWORD)
    code = await people.code()
    await people.vault._storage.writer.flush()
    files = [path for path in Path(config.data_directory).rglob("*") if path.is_file()]
    assert not [path for path in files if code.encode() in path.read_bytes()]


async def test_an_owner_takes_a_deletion_back(people: People, clock: TurnedClock) -> None:
    await people.ask(DeletionView, PASSWORD)
    await people.confirm(await people.code(), DeletionView)
    await people.gateway.question(f"DELETE {DELETION}", CancelDeletion(), Refused, key=KEY)
    await people.gateway.question(f"DELETE {DELETION}", CancelDeletion(), Done, key=people.owner)
    await people.gateway.question(f"GET {DELETION}", GetDeletion(), Refused, key=people.owner)
    clock.turn(3 * 86_400)
    await people.vault.jobs.run_due()
    assert people.workspace_id in people.vault.administration.accounts.workspaces


async def test_without_a_mail_server_the_operator_is_named(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        workspace_id = next(iter(vault.administration.accounts.workspaces))
        await vault.operate(OperatorAddMember(workspace_id, "owner@example.org", "admin", PASSWORD))
        _, _, token = await vault.identity.logins.log_in("owner@example.org", PASSWORD, "")
        refused = await gateway.question(f"DELETE {WORKSPACE}", AskDeletion(PASSWORD), Refused, key=token)
        assert refused.code == ErrorCode.NOT_AVAILABLE.value
        assert "echoless workspace delete" in refused.message
