"""The first step of the main database."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.journal import MemoryJournal
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.migration import bring_up_to_date

pytestmark = pytest.mark.unit


def test_it_makes_the_tables_of_accounts_history_and_numbers(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    directory.make()
    bring_up_to_date(directory, MemoryJournal())
    engine = sa.create_engine(f"sqlite:///{directory.vault_database}")
    assert set(sa.inspect(engine).get_table_names()) >= {
        "alembic_version", "workspaces", "service_accounts", "api_keys", "meters", "voice_settings",
        "voice_aliases", "facts", "history_items", "history_alignments", "request_log", "usage_hours",
        "audit_entries",
    }  # fmt: skip
    engine.dispose()
