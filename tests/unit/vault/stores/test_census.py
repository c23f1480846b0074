"""The census knows every table that there is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.census import (
    CLASSES,
    KEPT,
    OF_NOBODY,
    OTHER,
    OWNER_COLUMN,
    THROUGH,
    by_class,
    owned_tables,
)

pytestmark = pytest.mark.unit
TABLES = {**schema.VAULT.tables, **schema.KEYS.tables}


@pytest.mark.claim("Z28")
def test_every_table_belongs_to_a_workspace_or_to_nobody_and_has_a_class() -> None:
    """C54: whoever adds a table says what its rows are called in a certificate; without that this fails."""
    owned = {table.name for data in (schema.VAULT, schema.KEYS) for table in owned_tables(data)}
    assert owned | KEPT | OF_NOBODY == set(TABLES)
    assert not owned & (KEPT | OF_NOBODY)
    assert set(CLASSES) == owned


@pytest.mark.claim("Z28")
def test_every_table_with_a_column_for_the_workspace_is_counted_and_purged() -> None:
    with_column = {name for name, table in TABLES.items() if OWNER_COLUMN in table.c}
    owned = {table.name for data in (schema.VAULT, schema.KEYS) for table in owned_tables(data)}
    assert with_column == (owned | KEPT) - set(THROUGH)


@pytest.mark.claim("Z28")
def test_a_new_table_of_a_workspace_is_counted_from_its_first_day() -> None:
    """A table that nobody has told the census of is found by its column, and called other until it has a class."""
    data = sa.MetaData()
    sa.Table("brand_new", data, sa.Column("id", sa.String, primary_key=True), sa.Column(OWNER_COLUMN, sa.String))
    assert [table.name for table in owned_tables(data)] == ["brand_new"]
    assert by_class({"brand_new": 2, "history_items": 1, "api_keys": 0}) == {OTHER: 2, "history": 1}


@pytest.mark.parametrize("name", sorted(THROUGH))
def test_rows_without_a_workspace_go_before_those_that_they_are_found_by(name: str) -> None:
    order = [table.name for table in owned_tables(schema.VAULT)]
    for column, named in THROUGH[name]:
        assert column in schema.VAULT.tables[name].c
        assert OWNER_COLUMN in named.table.c
        assert order.index(name) < order.index(named.table.name)


def test_rows_that_point_at_others_go_before_them() -> None:
    order = [table.name for table in owned_tables(schema.VAULT)]
    for table in schema.VAULT.tables.values():
        for key in table.foreign_keys:
            assert order.index(table.name) < order.index(key.column.table.name)
