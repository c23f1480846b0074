"""Pronunciation dictionaries at rest: a row for each, a row for each version, names and rules sealed.

A dictionary has a key of its own, wrapped like an item's and stored beside those. Its versions are never changed: a
request that names one gets the same rules for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import PronunciationRule
from echoless.vault.stores import schema
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.writing import Row

_HEAD: Final = "dictionary"
_RULES: Final = "rules"
_DICTIONARIES: Final = schema.dictionaries
_VERSIONS: Final = schema.dictionary_versions


class DictionaryHead(msgspec.Struct, frozen=True, array_like=True):
    """What people call a dictionary. It prints no value."""

    name: str
    description: str

    def __repr__(self) -> str:
        return "<DictionaryHead>"


class StoredRule(msgspec.Struct, frozen=True, array_like=True):
    """One rule as it is sealed. It prints no value."""

    string: str
    alias: str
    phoneme: str
    alphabet: str
    is_case_sensitive: bool
    has_word_boundaries: bool

    def __repr__(self) -> str:
        return "<StoredRule>"


@dataclass(frozen=True, slots=True)
class DictionaryFacts:
    """What is stored of a dictionary in clear: ids, counts, codes, times.

    archived_unix:  0 where it is not archived
    version_number: of the latest version, from 1
    """

    dictionary_id: str
    workspace_id: str
    created_by: str
    created_unix: int
    archived_unix: int
    access: str
    version_id: str
    version_number: int
    rule_count: int


@dataclass(frozen=True, slots=True)
class StoredDictionary:
    """A dictionary with its opened head and what opens its versions."""

    facts: DictionaryFacts
    head: DictionaryHead
    sealer: ItemSealer


def dictionary_row(stored: StoredDictionary) -> Row:
    """Return the row of a dictionary."""
    row: Row = {name: getattr(stored.facts, name) for name in DictionaryFacts.__slots__}
    row["sealed_head"] = stored.sealer.seal(msgspec.msgpack.encode(stored.head), _HEAD, 0)
    return row


def version_row(stored: StoredDictionary, rules: Sequence[PronunciationRule], created_unix: int) -> Row:
    """Return the row of a dictionary's latest version, which has these rules."""
    facts = stored.facts
    kept = [
        StoredRule(
            rule.string, rule.alias, rule.phoneme, rule.alphabet, rule.is_case_sensitive, rule.has_word_boundaries
        )
        for rule in rules
    ]
    return {
        "version_id": facts.version_id,
        "dictionary_id": facts.dictionary_id,
        "number": facts.version_number,
        "rule_count": facts.rule_count,
        "created_unix": created_unix,
        "sealed_rules": stored.sealer.seal(msgspec.msgpack.encode(kept), _RULES, facts.version_number),
    }


def read_dictionary(reader: HistoryReader, workspace_id: str, dictionary_id: str) -> StoredDictionary | None:
    """Return one dictionary of a workspace; one of another workspace is not there."""
    statement = sa.select(_DICTIONARIES).where(
        _DICTIONARIES.c.dictionary_id == dictionary_id, _DICTIONARIES.c.workspace_id == workspace_id
    )
    with reader.vault.begin():
        row = reader.vault.execute(statement).mappings().one_or_none()
    return None if row is None else _opened(reader, row)


def read_dictionaries(reader: HistoryReader, workspace_id: str, count_max: int) -> list[StoredDictionary]:
    """Return the dictionaries of a workspace, the oldest first."""
    statement = (
        sa.select(_DICTIONARIES)
        .where(_DICTIONARIES.c.workspace_id == workspace_id)
        .order_by(_DICTIONARIES.c.created_unix, _DICTIONARIES.c.dictionary_id)
        .limit(count_max)
    )
    with reader.vault.begin():
        rows = reader.vault.execute(statement).mappings().all()
    return [_opened(reader, row) for row in rows]


def read_all_ids(reader: HistoryReader) -> set[tuple[str, str]]:
    """Return the ids of all dictionaries and of all their versions, each after its workspace's."""
    dictionaries = sa.select(_DICTIONARIES.c.workspace_id, _DICTIONARIES.c.dictionary_id)
    versions = sa.select(_DICTIONARIES.c.workspace_id, _VERSIONS.c.version_id).join_from(
        _VERSIONS, _DICTIONARIES, _VERSIONS.c.dictionary_id == _DICTIONARIES.c.dictionary_id
    )
    with reader.vault.begin():
        found = (*reader.vault.execute(dictionaries), *reader.vault.execute(versions))
        return {(workspace_id, known_id) for workspace_id, known_id in found}


def count_dictionaries(reader: HistoryReader, workspace_id: str) -> int:
    """Return how many dictionaries a workspace has."""
    statement = sa.select(sa.func.count()).where(_DICTIONARIES.c.workspace_id == workspace_id)
    with reader.vault.begin():
        return int(reader.vault.execute(statement).scalar_one())


def read_rules(reader: HistoryReader, stored: StoredDictionary, version_id: str) -> list[PronunciationRule] | None:
    """Return the rules of one version, or None where the dictionary has no such version."""
    statement = sa.select(_VERSIONS.c.number, _VERSIONS.c.sealed_rules).where(
        _VERSIONS.c.version_id == version_id, _VERSIONS.c.dictionary_id == stored.facts.dictionary_id
    )
    with reader.vault.begin():
        row = reader.vault.execute(statement).one_or_none()
    if row is None:
        return None
    opened = stored.sealer.open(row.sealed_rules, _RULES, row.number)
    return [
        PronunciationRule(
            rule.string, rule.alias, rule.phoneme, rule.alphabet, rule.is_case_sensitive, rule.has_word_boundaries
        )
        for rule in msgspec.msgpack.decode(opened, type=list[StoredRule])
    ]


def _opened(reader: HistoryReader, row: Mapping[Any, Any]) -> StoredDictionary:
    facts = DictionaryFacts(**{name: row[name] for name in DictionaryFacts.__slots__})
    sealer = reader.sealer(facts.workspace_id, facts.dictionary_id)
    if sealer is None:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a dictionary has no key")
    head = msgspec.msgpack.decode(sealer.open(row["sealed_head"], _HEAD, 0), type=DictionaryHead)
    return StoredDictionary(facts, head, sealer)
