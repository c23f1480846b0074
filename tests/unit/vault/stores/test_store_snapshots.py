"""Wherever the databases are, a copy of them is a sound file of SQLite with every row, of one moment."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.service.vault import Vault
from echoless.vault.stores import schema
from echoless.vault.stores.snapshot import is_sound
from echoless.vault.stores.store_snapshots import snapshots_of
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def rows_of(connection: sa.Connection, data: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    with connection.begin():
        return {
            table.name: [
                dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in data.sorted_tables
        }


def rows_in(path: Path, data: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        return rows_of(connection, data)


async def test_every_row_of_both_databases_is_in_the_copies(
    vault: Vault, gateway: GatewayDouble, tmp_path: Path
) -> None:
    await gateway.make("Some text.", b"audio")
    storage = vault._storage
    await storage.writer.flush()
    snapshots, fractions = snapshots_of(storage), list[float]()
    await snapshots.copy_vault(tmp_path / "vault", fractions.append)
    await snapshots.copy_keys(tmp_path / "keys", fractions.append)
    assert is_sound(tmp_path / "vault")
    assert is_sound(tmp_path / "keys")
    vault_rows = await storage.writer.run(lambda connections: rows_of(connections.vault, schema.VAULT))
    keys_rows = await storage.writer.run(lambda connections: rows_of(connections.keys, schema.KEYS))
    assert len(vault_rows["history_items"]) == len(vault_rows["workspaces"]) == 1
    assert rows_in(tmp_path / "vault", schema.VAULT) == vault_rows
    assert rows_in(tmp_path / "keys", schema.KEYS) == keys_rows
    assert fractions[-1] == 1.0
    assert (tmp_path / "vault").stat().st_mode & 0o077 == 0


async def test_what_is_committed_while_a_copy_is_made_tears_nothing_apart(
    vault: Vault, gateway: GatewayDouble, tmp_path: Path
) -> None:
    """Two rows that are committed together are both in the copy, or neither."""
    storage = vault._storage
    await storage.writer.now(
        *((Write.FACT, {"name": f"fact-{number}", "value": "x" * 500}) for number in range(3000))
    )
    copying = asyncio.create_task(snapshots_of(storage).copy_vault(tmp_path / "copy", lambda _: None))
    count = 0
    while not copying.done():
        pair = [(Write.FACT, {"name": f"{side}-{count:05d}", "value": "pair"}) for side in ("a-left", "z-right")]
        await storage.writer.now(*pair)
        count += 1
    await copying
    names = {row["name"] for row in rows_in(tmp_path / "copy", schema.VAULT)["facts"]}
    lefts = {name.removeprefix("a-left-") for name in names if name.startswith("a-left-")}
    assert lefts == {name.removeprefix("z-right-") for name in names if name.startswith("z-right-")}
    assert len([name for name in names if name.startswith("fact-")]) == 3000
    assert count, "nothing was committed meanwhile"


async def test_a_copy_that_is_stopped_or_has_no_room_leaves_the_vault_serving(
    vault: Vault, gateway: GatewayDouble, tmp_path: Path
) -> None:
    def stop(_fraction: float) -> None:
        raise EcholessError(ErrorCode.BACKUP, "stopped")

    snapshots = snapshots_of(vault._storage)
    with pytest.raises(EcholessError):
        await snapshots.copy_vault(tmp_path / "copy", stop)
    with pytest.raises(EcholessError):
        await snapshots.copy_vault(tmp_path / "missing" / "copy", lambda _: None)
    assert await gateway.make("It serves.", b"audio")
