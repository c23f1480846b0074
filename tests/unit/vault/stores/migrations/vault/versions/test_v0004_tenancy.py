"""The step that brings members: a directory of before opens with its key, and with nobody in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.vault.service.opening import open_vault
from echoless.vault.stores import migration
from echoless.vault.stores.directory import VERSION, DataDirectory
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.migration import Steps, bring_up_to_date
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.fakes.people import ADDRESS, PASSWORD, add_member
from tests.unit.vault.stores.migrations.vault.versions.test_v0003_webhooks import put_account, tables

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TABLES = {"members", "member_sessions", "member_passes", "member_groups", "group_memberships", "sign_ons"}


def earlier_steps(tmp_path: Path) -> Steps:
    """The steps as the version before this one had them."""
    folder = tmp_path / "steps"
    origin = Path(migration.__file__).with_name("migrations")
    later = ("v0004", "v0005", "v0006", "v0007", "v0008", "v0009", "v001", "k0002")
    for source in origin.rglob("*.py"):
        if not source.name.startswith(later):
            target = folder / source.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return Steps(3, folder)


async def test_a_directory_of_the_third_version_opens_and_takes_members(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    keyring = Keyring.open(directory)
    bring_up_to_date(directory, MemoryJournal(), earlier_steps(tmp_path))
    assert not TABLES & tables(directory.vault_database)
    put_account(directory, keyring)
    async with (
        open_vault(config_for(directory.root), clock, journal) as vault,
        GatewayDouble.connected(vault) as one,
    ):
        assert directory.version() == VERSION
        assert tables(directory.vault_database) >= TABLES
        await one.open()
        member = await add_member(vault.identity, "w", ADDRESS)
        # The id that has stood for the owner since the workspace was made is the owner's.
        assert (member.user_id, member.is_owner) == ("u", True)
        _, session, _ = await vault.identity.logins.log_in(ADDRESS, PASSWORD, "")
    async with open_vault(config_for(directory.root), clock, journal) as vault:
        assert list(vault.identity.people.accounts.sessions) == [session.session_id]


def test_two_members_of_a_workspace_never_have_one_address(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    Keyring.open(directory)
    bring_up_to_date(directory, MemoryJournal())
    connection = sqlite3.connect(directory.vault_database)
    statement = "INSERT INTO members VALUES (?, 'w', 'viewer', 1, x'00', x'00', 0, 0, NULL, x'')"
    connection.execute(statement, ("one",))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement, ("two",))
    connection.close()
