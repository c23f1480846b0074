"""Nothing is kept without a written purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.retention.classes import CLASSES, STORES
from echoless.vault.stores import schema
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.purposes import CLASS_OF_TABLE

pytestmark = pytest.mark.unit


@pytest.mark.seed("S1")
def test_every_table_belongs_to_a_class_with_a_purpose() -> None:
    tables = {*schema.VAULT.tables, *schema.KEYS.tables}
    assert set(CLASS_OF_TABLE) == tables
    assert set(CLASS_OF_TABLE.values()) <= {kept.name for kept in CLASSES}


@pytest.mark.seed("S1")
def test_every_place_in_the_data_directory_belongs_to_a_store() -> None:
    directory = DataDirectory(Path("/d"))
    names = [name for name, value in vars(DataDirectory).items() if isinstance(value, property)]
    places = {getattr(directory, name).relative_to("/d").parts[0] for name in names}
    told = {place for store in STORES for place in store.places}
    assert places <= told
    assert {"vault.sqlite", "keys.sqlite", "objects", "erasure"} <= places


def test_a_class_of_tables_is_told_to_be_in_a_database() -> None:
    stores = {kept.name: kept.stores for kept in CLASSES}
    for table, name in CLASS_OF_TABLE.items():
        database = "keys_database" if table in schema.KEYS.tables else "vault_database"
        assert database in stores[name], table
