"""Dictionaries at rest: sealed, by version, and only for their workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.crossing.records import PronunciationRule
from echoless.vault.erasure.sweep import sweep
from echoless.vault.stores import schema
from echoless.vault.stores.dictionaries import (
    DictionaryFacts,
    DictionaryHead,
    StoredDictionary,
    StoredRule,
    count_dictionaries,
    dictionary_row,
    read_dictionaries,
    read_dictionary,
    read_rules,
    version_row,
)
from echoless.vault.stores.erasing import delete_item_rows, destroy_keys
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
CANARY = "canary-93b1"
RULES = [PronunciationRule(CANARY, f"{CANARY}-alias"), PronunciationRule("b", phoneme="k", alphabet="ipa")]


@pytest.fixture
async def stored(storage: Storage) -> StoredDictionary:
    storage.keyring.new_workspace_key("w")
    facts = DictionaryFacts("dict1", "w", "user", 5, 0, "viewer", "version1", 1, len(RULES))
    made = StoredDictionary(facts, DictionaryHead(f"{CANARY}-name", "about"), ItemSealer.new("dict1"))
    wrapped = storage.keyring.wrap_item_key("w", "dict1", made.sealer.key)
    await storage.writer.now(
        (Write.ITEM_KEY, {"item_id": "dict1", "workspace_id": "w", "wrapped": wrapped}),
        (Write.DICTIONARY, dictionary_row(made)),
        (Write.DICTIONARY_VERSION, version_row(made, RULES, 5)),
    )
    return made


async def test_a_dictionary_comes_back_as_it_was_stored(storage: Storage, stored: StoredDictionary) -> None:
    found = await storage.read(lambda reader: read_dictionary(reader, "w", "dict1"))
    assert found is not None
    assert (found.facts, found.head) == (stored.facts, stored.head)
    assert await storage.read(lambda reader: read_rules(reader, found, "version1")) == RULES
    assert await storage.read(lambda reader: read_rules(reader, found, "other")) is None
    assert await storage.read(lambda reader: count_dictionaries(reader, "w")) == 1
    assert [one.facts for one in await storage.read(lambda reader: read_dictionaries(reader, "w", 9))] == [
        found.facts
    ]


async def test_another_workspace_has_none_of_it(storage: Storage, stored: StoredDictionary) -> None:
    assert await storage.read(lambda reader: read_dictionary(reader, "other", "dict1")) is None
    assert await storage.read(lambda reader: read_dictionaries(reader, "other", 9)) == []


@pytest.mark.claim("Z13")
async def test_no_name_and_no_rule_is_in_the_clear(
    storage: Storage, stored: StoredDictionary, tmp_path: Path
) -> None:
    await storage.writer.flush()
    data = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert b"dict1" in data
    assert CANARY.encode() not in data


async def test_a_start_leaves_dictionaries_alone(storage: Storage, stored: StoredDictionary) -> None:
    """A dictionary has a key and no history item; that is no leftover of a crash."""
    assert await sweep(storage, MemoryJournal()) == 0
    assert await storage.read(lambda reader: read_dictionary(reader, "w", "dict1")) is not None


async def test_a_start_takes_a_dictionary_without_its_key_away(storage: Storage, stored: StoredDictionary) -> None:
    await storage.writer.run(lambda connections: destroy_keys(connections, ["dict1"]))
    with pytest.raises(EcholessError):
        await storage.read(lambda reader: read_dictionary(reader, "w", "dict1"))
    assert await sweep(storage, MemoryJournal()) == 1
    for table in (schema.dictionaries, schema.dictionary_versions):
        rows = await storage.read(lambda reader, table=table: _count(reader.vault, table))  # type: ignore[misc]  # bound
        assert rows == 0


async def test_deleting_its_rows_takes_all_versions(storage: Storage, stored: StoredDictionary) -> None:
    await storage.writer.run(lambda connections: delete_item_rows(connections, ["dict1"]))
    assert await storage.read(lambda reader: _count(reader.vault, schema.dictionary_versions)) == 0


def test_what_is_stored_prints_no_value() -> None:
    printed = repr((DictionaryHead(CANARY, CANARY), StoredRule(CANARY, CANARY, "", "", True, True)))
    assert CANARY not in printed


def _count(connection: sa.Connection, table: sa.Table) -> int:
    with connection.begin():
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
