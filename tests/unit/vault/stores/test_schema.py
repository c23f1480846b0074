"""What may be stored at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import ON_FILES

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CLOSED_LIST = {
    "request_id", "workspace_id", "key_id", "endpoint", "product", "model_id", "output_format", "characters",
    "audio_ms", "start_unix", "duration_ms", "http_status", "error_code", "mode", "policy_version",
}  # fmt: skip


@pytest.mark.claim("Z9")
def test_the_request_log_has_the_closed_list_of_columns_and_a_place_in_order() -> None:
    """C30, C31: a row of a zero-retention request cannot hold what there is no column for."""
    assert {column.name for column in schema.request_log.columns} == CLOSED_LIST | {"sequence"}


@pytest.mark.claim("Z9")
def test_no_column_anywhere_is_for_an_email_or_for_content_in_clear() -> None:
    """C31: accounts have no e-mail; text, audio and settings of requests exist only in sealed columns."""
    tables = [table for data in (schema.VAULT, schema.KEYS) for table in data.tables.values()]
    names = {column.name for table in tables for column in table.columns}
    for word in ("mail", "text", "audio_data", "prompt", "address", "agent", "phone", "user_name"):
        assert not [name for name in names if word in name], word
    assert {"sealed", "sealed_head"} <= names


@pytest.mark.claim("Z13")
def test_wrapped_keys_have_a_database_of_their_own() -> None:
    assert set(schema.KEYS.tables) == {"workspace_keys", "item_keys"}
    in_vault = [column.name for table in schema.VAULT.tables.values() for column in table.columns]
    assert "wrapped" not in in_vault


@ON_FILES
async def test_the_migrations_lead_to_exactly_this_schema(storage: Storage) -> None:
    for engine, data in zip(storage.engines.writing, (schema.VAULT, schema.KEYS), strict=True):
        found = sa.MetaData()
        with engine.connect() as connection:
            found.reflect(connection)
        assert set(found.tables) == {*data.tables, "alembic_version"}
        for name, table in data.tables.items():
            assert _shape(found.tables[name]) == _shape(table), name


def _shape(table: sa.Table) -> tuple[object, ...]:
    columns = [(c.name, c.nullable, c.primary_key) for c in table.columns]
    indices = sorted((index.name or "", tuple(c.name for c in index.columns)) for index in table.indexes)
    return columns, indices, sorted(key.target_fullname for key in table.foreign_keys)
