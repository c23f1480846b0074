"""The keys of one workspace are found by an index."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_the_keys_of_one_workspace_are_found_without_reading_all(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    engine = sa.create_engine(f"sqlite:///{directory.keys_database}")
    with engine.connect() as connection:
        query = "EXPLAIN QUERY PLAN SELECT count(*) FROM item_keys WHERE workspace_id = 'w'"
        assert "item_keys_by_workspace" in connection.exec_driver_sql(query).all()[0][-1]
    engine.dispose()
