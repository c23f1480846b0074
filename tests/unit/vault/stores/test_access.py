"""What a restored vault no longer lets in."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.crossing.operator_records import KeyList, OperatorCreateKey, OperatorListKeys, OperatorRevokeKey
from echoless.crossing.query_records import Done, KeyCreated
from echoless.retention.decision import RetentionMode
from echoless.vault.service.vault import Vault
from echoless.vault.stores import schema
from echoless.vault.stores.access import withdraw_access
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def left(connections: Connections) -> tuple[set[str], int]:
    with connections.vault.begin():
        keys = set(connections.vault.execute(sa.select(schema.api_keys.c.key_id)).scalars())
        sessions = connections.vault.execute(
            sa.select(sa.func.count()).select_from(schema.member_sessions)
        ).scalar_one()
    return keys, sessions


async def test_deleted_keys_and_all_sessions_are_withdrawn_and_other_keys_stay(vault: Vault) -> None:
    (workspace_id,) = vault._storage.accounts.workspaces
    made = await vault.operate(OperatorCreateKey(workspace_id, "second", None, RetentionMode.DEFAULT))
    assert isinstance(made, KeyCreated)
    session = {column.name: _value(column) for column in schema.member_sessions.columns}
    await vault._storage.writer.now((Write.MEMBER_SESSION, session))
    before, count = await vault._storage.writer.run(left)
    assert made.key_id in before
    assert count == 1
    await vault._storage.writer.run(lambda connections: withdraw_access(connections, [["unknown", made.key_id]]))
    assert await vault._storage.writer.run(left) == (before - {made.key_id}, 0)


def _value(column: sa.Column[object]) -> object:
    kinds: dict[type, object] = {str: "x", int: 1, bool: False, bytes: b"x"}
    return kinds[column.type.python_type]


async def test_the_deletion_of_a_key_is_in_the_ledger(vault: Vault) -> None:
    (workspace_id,) = vault._storage.accounts.workspaces
    made = await vault.operate(OperatorCreateKey(workspace_id, "second", None, RetentionMode.DEFAULT))
    assert isinstance(made, KeyCreated)
    assert isinstance(await vault.operate(OperatorRevokeKey(made.key_id)), Done)
    assert made.key_id in {key_id for batch in vault._storage.ledger.batches() for key_id in batch}
    listed = await vault.operate(OperatorListKeys(workspace_id))
    assert isinstance(listed, KeyList)
    assert made.key_id not in {key.key_id for key in listed.keys}
