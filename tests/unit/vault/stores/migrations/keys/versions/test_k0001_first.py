"""The first step of the database of keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


@pytest.mark.claim("Z13")
def test_it_makes_nothing_but_the_tables_of_wrapped_keys(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    engine = sa.create_engine(f"sqlite:///{directory.keys_database}")
    names = set(sa.inspect(engine).get_table_names())
    assert names == {"alembic_version", "workspace_keys", "item_keys"}
    engine.dispose()
