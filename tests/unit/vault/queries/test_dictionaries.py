"""Dictionaries through the vault's own door: versions, pages, borders, and who may ask under which ticket."""

from __future__ import annotations

from typing import TypeVar

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.dialogue_records import ResolveVoices, VoicesResolved
from echoless.crossing.dictionary_records import (
    RULES_BYTES_MAX,
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
)
from echoless.crossing.query_records import ListVoices
from echoless.crossing.records import PronunciationRule, Record, Refused
from echoless.retention.decision import Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import TTS, VOICE, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
LIST = "GET /v1/pronunciation-dictionaries"
MAKE, ONE = "POST /v1/pronunciation-dictionaries/add-from-rules", "/v1/pronunciation-dictionaries/{dict}"
ENDPOINTS: dict[type[Record], str] = {
    CreateDictionary: MAKE,
    EditDictionary: f"PATCH {ONE}",
    SetRules: f"POST {ONE}/set-rules",
    AddRules: f"POST {ONE}/add-rules",
    RemoveRules: f"POST {ONE}/remove-rules",
    GetDictionary: f"GET {ONE}",
    ReadRules: f"GET {ONE}/{{ver}}/download",
    ListDictionaries: LIST,
}
TTD = "POST /v1/text-to-dialogue"


R = TypeVar("R", bound=Record)


async def asked(gateway: GatewayDouble, record: Record, expected: type[R]) -> R:
    """Ask under a ticket of the route that asks this."""
    return await gateway.question(ENDPOINTS[type(record)], record, expected)


def alias(string: str, said: str = "said") -> PronunciationRule:
    return PronunciationRule(string, said)


async def make(gateway: GatewayDouble, name: str = "words", *rules: PronunciationRule) -> DictionaryView:
    record = CreateDictionary(name, "about", "viewer", list(rules))
    return await asked(gateway, record, DictionaryView)


async def change(gateway: GatewayDouble, record: Record) -> DictionaryVersion:
    return await asked(gateway, record, DictionaryVersion)


async def rules_of(gateway: GatewayDouble, dictionary_id: str, version_id: str = "") -> list[PronunciationRule]:
    found = await asked(gateway, ReadRules(dictionary_id, version_id), DictionaryRules)
    return found.rules


async def test_a_dictionary_is_there_after_a_restart(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    rules = [alias("a"), PronunciationRule("b", phoneme="k", alphabet="ipa", is_case_sensitive=False)]
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        made = await make(gateway, "words", *rules)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert await asked(gateway, GetDictionary(made.dictionary_id), DictionaryView) == made
        assert await rules_of(gateway, made.dictionary_id) == rules
    assert (made.name, made.description, made.access, made.rule_count) == ("words", "about", "viewer", 2)
    assert made.created_unix == clock.unix_ms() // 1000
    assert len(made.dictionary_id) == len(made.version_id) == 20


async def test_each_change_is_a_version_and_older_ones_stay_as_they_were(gateway: GatewayDouble) -> None:
    made = await make(gateway, "words", alias("a"), alias("b"))
    added = await change(gateway, AddRules(made.dictionary_id, [alias("b", "new"), alias("c")]))
    removed = await change(gateway, RemoveRules(made.dictionary_id, ["a", "nobody"]))
    replaced = await change(gateway, SetRules(made.dictionary_id, [alias("z")]))
    versions = [made.version_id, added.version_id, removed.version_id, replaced.version_id]
    assert len(set(versions)) == 4
    assert [added.rule_count, removed.rule_count, replaced.rule_count] == [3, 2, 1]
    found = [await rules_of(gateway, made.dictionary_id, version) for version in versions]
    assert found == [
        [alias("a"), alias("b")],
        [alias("a"), alias("b", "new"), alias("c")],
        [alias("b", "new"), alias("c")],
        [alias("z")],
    ]
    assert await rules_of(gateway, made.dictionary_id) == [alias("z")]


async def test_name_and_state_change_alone(gateway: GatewayDouble) -> None:
    made = await make(gateway, "words", alias("a"))

    async def edit(name: str | None, is_archived: bool | None) -> DictionaryView:
        return await asked(gateway, EditDictionary(made.dictionary_id, name, is_archived), DictionaryView)

    renamed = await edit("other", None)
    assert (renamed.name, renamed.archived_unix, renamed.version_id) == ("other", 0, made.version_id)
    assert (await edit(None, True)).archived_unix > 0
    assert (await edit(None, False)) == renamed


async def test_pages_follow_each_other_in_either_order(gateway: GatewayDouble, clock: TurnedClock) -> None:
    made = []
    for name in ("Beta", "alpha", "Gamma", "delta"):
        made.append(await make(gateway, name))
        clock.turn(1)
    await asked(gateway, EditDictionary(made[3].dictionary_id, None, True), DictionaryView)

    async def names(**changes: object) -> list[str]:
        values = {
            "page_size": 2,
            "cursor": "",
            "is_by_name": False,
            "is_ascending": True,
            "includes_archived": False,
        }
        found: list[str] = []
        while True:
            record = ListDictionaries(**(values | changes))  # type: ignore[arg-type]  # a record's fields by name
            page = await asked(gateway, record, DictionaryPage)
            found += [view.name for view in page.dictionaries]
            if not page.next_cursor:
                return found
            changes["cursor"] = page.next_cursor

    assert await names() == ["Beta", "alpha", "Gamma"]
    assert await names(is_ascending=False, includes_archived=True) == ["delta", "Gamma", "alpha", "Beta"]
    assert await names(is_by_name=True) == ["alpha", "Beta", "Gamma"]
    refused = await asked(gateway, ListDictionaries(2, "nobody", False, True, False), Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "cursor")


@pytest.mark.parametrize(
    "rule",
    [
        alias(""), alias("a", ""), alias("a" * 201), alias("a", "b" * 301),
        PronunciationRule("a", "b", phoneme="k", alphabet="ipa"), PronunciationRule("a", phoneme="k"),
    ],
)  # fmt: skip
async def test_rules_that_may_not_be_are_refused_here_too(gateway: GatewayDouble, rule: PronunciationRule) -> None:
    refused = await asked(gateway, CreateDictionary("n", "", "", [rule]), Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "rules")


async def test_versions_that_grow_over_the_bound_are_refused_and_nothing_changes(gateway: GatewayDouble) -> None:
    half = [alias(f"{index:0190}", "b" * 250) for index in range(RULES_BYTES_MAX // 2 // 460)]
    made = await make(gateway, "words", *half)
    more = [alias(f"x{index:0189}", "b" * 250) for index in range(len(half) + 200)]
    refused = await asked(gateway, AddRules(made.dictionary_id, more), Refused)
    assert refused.code == ErrorCode.INVALID_PARAMETERS
    assert len(await rules_of(gateway, made.dictionary_id)) == len(half)


async def test_unknown_dictionaries_and_versions_are_not_found(gateway: GatewayDouble) -> None:
    made = await make(gateway, "words", alias("a"))
    for record in (
        GetDictionary("nobody"), ReadRules("nobody"), ReadRules(made.dictionary_id, "nothing"),
        SetRules("nobody", []), EditDictionary("nobody", "n", None),
    ):  # fmt: skip
        refused = await asked(gateway, record, Refused)
        assert refused.code == ErrorCode.DICTIONARY_NOT_FOUND


@pytest.mark.claim("Z8")
@pytest.mark.parametrize("endpoint", [TTS, TTD])
@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_OFF])
async def test_generations_use_dictionaries_and_voices_in_both_modes_and_change_nothing(
    gateway: GatewayDouble, endpoint: str, switch: Switch
) -> None:
    """A dictionary that a zero-retention request uses is configuration; the request itself stores nothing."""
    made = await make(gateway, "words", alias("a"))
    voice_id = VOICE if endpoint == TTS else ""
    granted = await gateway.open(endpoint, switch=switch, voice_id=voice_id)
    ticket = granted.ticket_id
    found = await gateway.ask(UseDictionary(made.dictionary_id), DictionaryRules, ticket)
    assert (found.rules, found.version_id) == ([alias("a")], made.version_id)
    if endpoint == TTD:
        voices = (await gateway.ask(ResolveVoices([VOICE, "nobody"]), VoicesResolved, ticket)).voices
        assert voices[0] is not None
        assert (voices[0].voice_id, voices[1]) == (VOICE, None)
    refused = await gateway.ask(UseDictionary("nobody"), Refused, ticket)
    assert (refused.code, refused.param) == (ErrorCode.DICTIONARY_NOT_FOUND, "pronunciation_dictionary_locators")
    for question in (
        CreateDictionary("n", "", "", []), SetRules(made.dictionary_id, []), ListVoices(),
        ReadRules(made.dictionary_id), EditDictionary(made.dictionary_id, "n", None),
    ):  # fmt: skip
        assert (await gateway.ask(question, Refused, ticket)).code == ErrorCode.UNKNOWN_TICKET


async def test_the_tickets_of_dictionaries_ask_for_nothing_else(gateway: GatewayDouble) -> None:
    granted = await gateway.open(MAKE, voice_id="")
    for question in (ListVoices(), UseDictionary("a"), ResolveVoices([VOICE])):
        refused = await gateway.ask(question, Refused, granted.ticket_id)
        assert refused.code == ErrorCode.UNKNOWN_TICKET


async def test_changes_are_on_the_trail(vault: Vault, gateway: GatewayDouble) -> None:
    from echoless.crossing.number_records import (
        AuditEntries,
        ListAuditEntries,
    )

    made = await make(gateway, "words")
    await change(gateway, SetRules(made.dictionary_id, [alias("a")]))
    entries = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(limit=10), AuditEntries)
    acts = [(entry.activity, entry.target_id) for entry in entries.entries[:2]]
    assert acts == [("dictionary.rules", made.dictionary_id), ("dictionary.create", made.dictionary_id)]
