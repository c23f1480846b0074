"""One upsert for both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from echoless.vault.stores import schema
from echoless.vault.stores.upserts import insert

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("dialect", [postgresql.dialect(), sqlite.dialect()], ids=["postgresql", "sqlite"])
def test_the_row_that_is_there_is_changed(dialect: object) -> None:
    statement = insert(schema.facts)
    made = statement.on_conflict_do_update(
        index_elements=list(schema.facts.primary_key), set_={"value": statement.excluded["value"]}
    )
    text = str(made.compile(dialect=dialect))  # type: ignore[attr-defined]  # every statement compiles
    assert "ON CONFLICT (name) DO UPDATE SET value = excluded.value" in text
