"""Pronunciation dictionaries over a fake vault that answers as it is told."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.dictionary_records import (
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
)
from echoless.crossing.records import PronunciationRule, Record
from tests.fakes.gateway import Gateway, Reply, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
BASE = "/v1/pronunciation-dictionaries"
ID, VERSION = "d" * 20, "v" * 20
VIEW = DictionaryView(ID, "words", "", "viewer", "user", 5, 0, VERSION, 2)
RULES = [
    PronunciationRule("a", "b", is_case_sensitive=False),
    PronunciationRule("c", phoneme="k", alphabet="ipa", has_word_boundaries=False),
]
WIRE_RULES = [
    {"type": "alias", "string_to_replace": "a", "alias": "b", "case_sensitive": False, "word_boundaries": True},
    {
        "type": "phoneme", "string_to_replace": "c", "phoneme": "k", "alphabet": "ipa", "case_sensitive": True,
        "word_boundaries": False,
    },
]  # fmt: skip
PLS = b"<lexicon><lexeme><grapheme>a</grapheme><alias>b</alias></lexeme></lexicon>"
METADATA = {
    "id": ID, "latest_version_id": VERSION, "latest_version_rules_num": 2, "name": "words",
    "permission_on_resource": "admin", "created_by": "user", "creation_time_unix": 5, "archived_time_unix": None,
    "description": None,
}  # fmt: skip


async def ask(method: str, path: str, body: Any = None, *answers: Record, **more: Any) -> tuple[Reply, Gateway]:
    async with running_gateway() as gateway:
        for answer in answers:
            for question in QUESTIONS[type(answer)]:
                gateway.vault.scripted[question] = answer
        return await gateway.ask(method, f"{BASE}{path}", body, **more), gateway


QUESTIONS: dict[type[Record], tuple[type[Record], ...]] = {
    DictionaryView: (CreateDictionary, GetDictionary, EditDictionary),
    DictionaryPage: (ListDictionaries,),
    DictionaryVersion: (SetRules, AddRules, RemoveRules),
    DictionaryRules: (ReadRules,),
}
MADE = DictionaryVersion(ID, VERSION, 2)


def form(*parts: tuple[str, bytes, bool]) -> tuple[bytes, dict[str, str]]:
    body = b""
    for name, data, is_file in parts:
        named = '; filename="upload"' if is_file else ""
        body += f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"
    return body + b"--b--\r\n", {"content-type": "multipart/form-data; boundary=b"}


async def test_rules_become_a_dictionary() -> None:
    reply, gateway = await ask(
        "POST", "/add-from-rules", {"name": "words", "rules": WIRE_RULES, "workspace_access": "viewer"}, VIEW
    )
    assert gateway.vault.questions[1] == CreateDictionary("words", "", "viewer", RULES)
    assert reply.json == {
        "id": ID, "name": "words", "created_by": "user", "creation_time_unix": 5, "version_id": VERSION,
        "version_rules_num": 2, "description": None, "permission_on_resource": "admin",
    }  # fmt: skip


async def test_a_file_becomes_a_dictionary() -> None:
    body, headers = form(("name", b"words", False), ("file", PLS, True), ("description", b"null", False))
    reply, gateway = await ask("POST", "/add-from-file", body, VIEW, headers=headers)
    assert (reply.status, reply.json["id"]) == (200, ID)
    assert gateway.vault.questions[1] == CreateDictionary("words", "", "", [PronunciationRule("a", "b")])


@pytest.mark.parametrize(
    ("parts", "status", "place"),
    [
        ([("name", b"words", False)], 422, ["body", "file"]),
        ([("file", PLS, True)], 422, ["body", "name"]),
        ([("name", b"w", False), ("workspace_access", b"owner", False), ("file", PLS, True)], 422,
         ["body", "workspace_access"]),
        ([("name", b"w", False), ("file", b"canary", True)], 400, "file"),
    ],
)  # fmt: skip
async def test_forms_that_lack_something_are_refused(parts: list[Any], status: int, place: Any) -> None:
    body, headers = form(*parts)
    reply, _ = await ask("POST", "/add-from-file", body, VIEW, headers=headers)
    assert reply.status == status
    assert (reply.json["detail"]["param"] if status == 400 else reply.json["detail"][0]["loc"]) == place
    assert b"canary" not in reply.body


async def test_a_dictionary_is_shown_with_its_latest_rules() -> None:
    reply, gateway = await ask("GET", f"/{ID}", None, VIEW, DictionaryRules(VERSION, RULES))
    assert reply.json == METADATA | {"rules": WIRE_RULES}
    assert gateway.vault.questions[2] == ReadRules(ID, VERSION)


async def test_a_version_is_downloaded_as_a_lexicon() -> None:
    reply, gateway = await ask("GET", f"/{ID}/{VERSION}/download", None, DictionaryRules(VERSION, RULES))
    assert reply.headers["content-type"] == "application/pls+xml"
    assert reply.headers["cache-control"] == "no-store"
    assert b"<grapheme>a</grapheme>" in reply.body
    assert gateway.vault.questions[1] == ReadRules(ID, VERSION)


@pytest.mark.parametrize(
    ("method", "path", "body", "question"),
    [
        ("PATCH", "", {"name": "new", "archived": True}, EditDictionary(ID, "new", True)),
        ("PATCH", "", {"name": None}, EditDictionary(ID, None, None)),
        ("POST", "/set-rules", {"rules": WIRE_RULES}, SetRules(ID, RULES)),
        ("POST", "/add-rules", {"rules": WIRE_RULES[:1]}, AddRules(ID, RULES[:1])),
        ("POST", "/remove-rules", {"rule_strings": ["a", "b"]}, RemoveRules(ID, ["a", "b"])),
    ],
)
async def test_changes_are_asked_for_as_they_came(method: str, path: str, body: Any, question: Record) -> None:
    reply, gateway = await ask(method, f"/{ID}{path}", body, VIEW, MADE)
    assert gateway.vault.questions[1] == question
    expected = METADATA if method == "PATCH" else {"id": ID, "version_id": VERSION, "version_rules_num": 2}
    assert reply.json == expected


async def test_lists_are_pages_with_a_cursor() -> None:
    query = "?page_size=7&cursor=abc&sort=name&sort_direction=ASCENDING&include_archived=true"
    reply, gateway = await ask("GET", query, None, DictionaryPage([VIEW], ID))
    assert gateway.vault.questions[1] == ListDictionaries(7, "abc", True, True, True)
    assert reply.json == {"pronunciation_dictionaries": [METADATA], "next_cursor": ID, "has_more": True}
    reply, gateway = await ask("GET", "", None, DictionaryPage([], ""))
    assert gateway.vault.questions[1] == ListDictionaries(30, "", False, False, False)
    assert reply.json == {"pronunciation_dictionaries": [], "next_cursor": None, "has_more": False}
    refused, _ = await ask("GET", "?cursor=no%20cursor", None)
    assert (refused.status, refused.json["detail"]["param"]) == (400, "cursor")


@pytest.mark.parametrize("path", ["/no%20id", f"/{ID}/no%20id/download", f"/{'x' * 21}"])
async def test_malformed_ids_are_not_found_and_not_asked_for(path: str) -> None:
    reply, gateway = await ask("GET", path, None)
    assert (reply.status, reply.code) == (404, "pronunciation_dictionary_not_found")
    assert len(gateway.vault.questions) == 2


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    "rule",
    [
        {"type": "canary"},
        {"type": "alias", "string_to_replace": "canary"},
        {"type": "alias", "string_to_replace": "", "alias": "b"},
        {"type": "alias", "string_to_replace": "   ", "alias": "b"},
        {"type": "alias", "string_to_replace": "canary\u0007", "alias": "b"},
        {"type": "alias", "string_to_replace": "canary" * 40, "alias": "b"},
        {"type": "phoneme", "string_to_replace": "canary", "phoneme": "k", "alphabet": "sampa"},
    ],
)
async def test_rules_that_may_not_be_are_refused_without_an_echo(rule: dict[str, str]) -> None:
    reply, gateway = await ask("POST", "/add-from-rules", {"name": "n", "rules": [rule]}, VIEW)
    assert reply.status == 422
    assert reply.json["detail"][0]["loc"][:3] == ["body", "rules", 0]
    assert b"canary" not in reply.body
    assert not any(isinstance(question, CreateDictionary) for question in gateway.vault.questions)


async def test_rules_larger_than_a_frame_are_refused_here() -> None:
    rules = [{"type": "alias", "string_to_replace": "s" * 190 + str(n), "alias": "a" * 290} for n in range(1200)]
    reply, _ = await ask("POST", "/add-from-rules", {"name": "n", "rules": rules}, VIEW)
    assert (reply.status, reply.code) == (413, "file_too_large")


@pytest.mark.claim("Z5")
@pytest.mark.parametrize("path", ["/add-from-rules", f"/{ID}/set-rules", f"/{ID}/add-rules", f"/{ID}/remove-rules"])
async def test_what_stores_cannot_be_had_with_zero_retention(path: str) -> None:
    reply, _ = await ask("POST", f"{path}?enable_logging=false", {"name": "n", "rules": []})
    assert (reply.status, reply.code, reply.body_reads) == (400, "zero_retention_not_supported", 0)
