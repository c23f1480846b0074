"""(queries) Pronunciation dictionaries: made, changed by versions, listed, and read for whoever speaks with them.

Committed first, then answered. One change at a time, so that two of them cannot undo each other. Only ids that
exist are handed to the database: it keeps what it was last asked for, and what a zero-retention request calls an id
may be anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.crossing.dictionary_records import (
    REPLACEMENT_CHARACTERS_MAX,
    RULES_BYTES_MAX,
    RULES_MAX,
    STRING_CHARACTERS_MAX,
    AddRules,
    CreateDictionary,
    DictionaryPage,
    DictionaryRules,
    DictionaryVersion,
    DictionaryView,
    EditDictionary,
    GetDictionary,
    ListDictionaries,
    ReadRules,
    RemoveRules,
    SetRules,
    UseDictionary,
    rules_bytes,
)
from echoless.crossing.records import PronunciationRule
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.dictionaries import (
    DictionaryFacts,
    DictionaryHead,
    StoredDictionary,
    count_dictionaries,
    dictionary_row,
    read_all_ids,
    read_dictionaries,
    read_dictionary,
    read_rules,
    version_row,
)
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Row, Write

DICTIONARIES_MAX: Final = 1_000
VERSIONS_MAX: Final = 10_000
_PAGE_MAX: Final = 100
_LOCATORS: Final = "pronunciation_dictionary_locators"
_ALPHABETS: Final = frozenset({"ipa", "cmu-arpabet"})
_ACCESSES: Final = frozenset({"", "admin", "editor", "commenter", "viewer"})
Rules = Sequence[PronunciationRule]


class DictionaryQueries:
    """Answers questions about dictionaries."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._ids: set[tuple[str, str]] | None = None

    # --- making and changing ---

    async def create(self, caller: Caller, record: CreateDictionary) -> DictionaryView:
        """Make a dictionary.

        raises: EcholessError(INVALID_PARAMETERS) for rules or words that may not be, or one dictionary too many
        """
        rules = checked_rules(record.rules)
        if record.access not in _ACCESSES:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The access is unknown.", param="workspace_access")
        async with self._one_at_a_time:
            count = await self._storage.read(lambda reader: count_dictionaries(reader, caller.workspace_id))
            if count >= DICTIONARIES_MAX:
                message = f"A workspace has at most {DICTIONARIES_MAX} pronunciation dictionaries."
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
            stored = self._new(caller, record, len(rules))
            await self._write(caller, stored, rules, "dictionary.create", key=self._key_row(stored))
        return view_of(stored)

    async def edit(self, caller: Caller, record: EditDictionary) -> DictionaryView:
        """Change name or state."""
        async with self._one_at_a_time:
            stored = await self._stored(caller, record.dictionary_id)
            head, facts = stored.head, stored.facts
            if record.name is not None:
                head = DictionaryHead(record.name, head.description)
            if record.is_archived is not None and record.is_archived is not bool(facts.archived_unix):
                facts = replace(facts, archived_unix=self._now_unix() if record.is_archived else 0)
            changed = replace(stored, head=head, facts=facts)
            await self._write(caller, changed, None, "dictionary.edit")
        return view_of(changed)

    async def set_rules(self, caller: Caller, record: SetRules) -> DictionaryVersion:
        """Make a version with these rules and no others."""
        return await self._change_rules(caller, record.dictionary_id, lambda _rules: record.rules)

    async def add_rules(self, caller: Caller, record: AddRules) -> DictionaryVersion:
        """Make a version with these rules added; one for the same string is replaced in its place."""

        def added(rules: Rules) -> Rules:
            by_string = {rule.string: rule for rule in record.rules}
            kept = [by_string.pop(rule.string, rule) for rule in rules]
            return [*kept, *by_string.values()]

        return await self._change_rules(caller, record.dictionary_id, added)

    async def remove_rules(self, caller: Caller, record: RemoveRules) -> DictionaryVersion:
        """Make a version without the rules for these strings."""
        gone = frozenset(record.strings)
        return await self._change_rules(
            caller, record.dictionary_id, lambda rules: [rule for rule in rules if rule.string not in gone]
        )

    # --- reading ---

    async def get(self, caller: Caller, record: GetDictionary) -> DictionaryView:
        """Return one dictionary."""
        return view_of(await self._stored(caller, record.dictionary_id))

    async def page(self, caller: Caller, record: ListDictionaries) -> DictionaryPage:
        """Return a page.

        raises: EcholessError(INVALID_PARAMETERS) for a cursor that names no dictionary of the list
        """
        found = await self._storage.read(
            lambda reader: read_dictionaries(reader, caller.workspace_id, DICTIONARIES_MAX)
        )
        if record.is_by_name:
            found.sort(key=lambda stored: stored.head.name.casefold())
        if not record.is_ascending:
            found.reverse()
        ids = [stored.facts.dictionary_id for stored in found]
        if record.cursor and record.cursor not in ids:
            message = "This is no cursor of an earlier page."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="cursor")
        rest = found[ids.index(record.cursor) + 1 :] if record.cursor else found
        shown = [stored for stored in rest if record.includes_archived or not stored.facts.archived_unix]
        count = min(max(record.page_size, 1), _PAGE_MAX)
        views = [view_of(stored) for stored in shown[:count]]
        return DictionaryPage(views, views[-1].dictionary_id if len(shown) > count else "")

    async def read(self, caller: Caller, record: ReadRules | UseDictionary) -> DictionaryRules:
        """Return the rules of a version, by default the latest.

        raises: EcholessError(DICTIONARY_NOT_FOUND)
        """
        param = _LOCATORS if isinstance(record, UseDictionary) else None
        if not await self._exist(caller, record.dictionary_id, record.version_id or record.dictionary_id):
            raise _no_dictionary(param)

        def step(reader: HistoryReader) -> DictionaryRules | None:
            stored = read_dictionary(reader, caller.workspace_id, record.dictionary_id)
            if stored is None:
                return None
            version_id = record.version_id or stored.facts.version_id
            rules = read_rules(reader, stored, version_id)
            return None if rules is None else DictionaryRules(version_id, rules)

        found = await self._storage.read(step)
        if found is None:
            raise _no_dictionary(param)
        return found

    # --- inner ---

    async def _change_rules(
        self, caller: Caller, dictionary_id: str, change: Callable[[Rules], Rules]
    ) -> DictionaryVersion:
        async with self._one_at_a_time:
            stored = await self._stored(caller, dictionary_id)
            if stored.facts.version_number >= VERSIONS_MAX:
                message = f"A pronunciation dictionary has at most {VERSIONS_MAX} versions."
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
            before = await self._storage.read(lambda reader: read_rules(reader, stored, stored.facts.version_id))
            rules = checked_rules(change(before or ()))
            facts = replace(
                stored.facts, version_id=new_opaque_id(), version_number=stored.facts.version_number + 1,
                rule_count=len(rules),
            )  # fmt: skip
            await self._write(caller, replace(stored, facts=facts), rules, "dictionary.rules")
        return DictionaryVersion(facts.dictionary_id, facts.version_id, facts.rule_count)

    async def _exist(self, caller: Caller, *ids: str) -> bool:
        """Say whether all of these are ids of dictionaries or versions of the workspace.

        Those of others are unknown here already, by the same work as ids that nobody has.
        """
        if self._ids is None:
            self._begin_with(await self._storage.read(read_all_ids))
        return self._ids is not None and self._ids.issuperset((caller.workspace_id, each) for each in ids)

    def _begin_with(self, found: set[tuple[str, str]]) -> None:
        """Take ids that were read, unless another reading was faster and something new was added to it since."""
        if self._ids is None:
            self._ids = found

    async def _stored(self, caller: Caller, dictionary_id: str) -> StoredDictionary:
        if not await self._exist(caller, dictionary_id):
            raise _no_dictionary()
        found = await self._storage.read(lambda reader: read_dictionary(reader, caller.workspace_id, dictionary_id))
        if found is None:
            raise _no_dictionary()
        return found

    def _new(self, caller: Caller, record: CreateDictionary, rule_count: int) -> StoredDictionary:
        dictionary_id = new_opaque_id()
        facts = DictionaryFacts(
            dictionary_id=dictionary_id, workspace_id=caller.workspace_id,
            created_by=self._storage.accounts.workspaces[caller.workspace_id].user_id,
            created_unix=self._now_unix(), archived_unix=0, access=record.access, version_id=new_opaque_id(),
            version_number=1, rule_count=rule_count,
        )  # fmt: skip
        head = DictionaryHead(record.name, record.description)
        return StoredDictionary(facts, head, ItemSealer.new(dictionary_id))

    def _key_row(self, stored: StoredDictionary) -> Row:
        facts = stored.facts
        wrapped = self._storage.keyring.wrap_item_key(facts.workspace_id, facts.dictionary_id, stored.sealer.key)
        return {"item_id": facts.dictionary_id, "workspace_id": facts.workspace_id, "wrapped": wrapped}

    async def _write(
        self,
        caller: Caller,
        stored: StoredDictionary,
        rules: Rules | None,
        activity: str,
        *,
        key: Row | None = None,
    ) -> None:
        rows: list[tuple[Write, Row]] = [] if key is None else [(Write.ITEM_KEY, key)]
        rows.append((Write.DICTIONARY, dictionary_row(stored)))
        if rules is not None:
            rows.append((Write.DICTIONARY_VERSION, version_row(stored, rules, self._now_unix())))
        target_id = stored.facts.dictionary_id
        rows.append(audit_row(self._clock, caller.workspace_id, caller.key_id, activity, target_id))
        await self._exist(caller)
        await self._storage.writer.now(*rows)
        assert self._ids is not None, "read before the write"
        self._ids |= {(caller.workspace_id, target_id), (caller.workspace_id, stored.facts.version_id)}

    def _now_unix(self) -> int:
        return self._clock.unix_ms() // 1000


def checked_rules(rules: Rules) -> list[PronunciationRule]:
    """Return rules, each proved to be one that may be stored.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    for rule in rules:
        is_one_kind = bool(rule.alias) is not bool(rule.phoneme)
        is_bounded = (
            0 < len(rule.string) <= STRING_CHARACTERS_MAX
            and len(rule.alias) <= REPLACEMENT_CHARACTERS_MAX
            and len(rule.phoneme) <= REPLACEMENT_CHARACTERS_MAX
        )
        if not is_one_kind or not is_bounded or (rule.phoneme and rule.alphabet not in _ALPHABETS):
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "A rule is incomplete or too long.", param="rules")
    if len(rules) > RULES_MAX or rules_bytes(rules) > RULES_BYTES_MAX:
        message = f"A pronunciation dictionary has at most {RULES_MAX} rules and {RULES_BYTES_MAX} bytes."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="rules")
    return list(rules)


def view_of(stored: StoredDictionary) -> DictionaryView:
    """Return a dictionary as it crosses."""
    facts = stored.facts
    return DictionaryView(
        dictionary_id=facts.dictionary_id, name=stored.head.name, description=stored.head.description,
        access=facts.access, created_by=facts.created_by, created_unix=facts.created_unix,
        archived_unix=facts.archived_unix, version_id=facts.version_id, rule_count=facts.rule_count,
    )  # fmt: skip


def _no_dictionary(param: str | None = None) -> EcholessError:
    message = "There is no pronunciation dictionary, or version of it, with this id."
    return EcholessError(ErrorCode.DICTIONARY_NOT_FOUND, message, param=param)
