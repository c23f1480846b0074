"""The official Python client makes, changes and uses pronunciation dictionaries."""

from __future__ import annotations

import json
from collections.abc import Iterator

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]
VOICE = "JBFqnCBsd6RMkjVDRZzb"
PLS = """<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon" alphabet="ipa" xml:lang="en-GB">
  <lexeme><grapheme>Apple</grapheme><grapheme>apple</grapheme><alias>big red fruit</alias></lexeme>
  <lexeme><grapheme>route</grapheme><phoneme>\u0279a\u028at</phoneme></lexeme>
</lexicon>""".encode()
UN = {"type": "alias", "string_to_replace": "UN", "alias": "United Nations"}


@pytest.fixture
def client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


def history_count(server: RunningServer) -> int:
    return len(json.loads(server.request("GET", "/v1/history?page_size=1000")[2])["history"])


def locator(dictionary_id: str, version_id: str | None = None) -> elevenlabs.PronunciationDictionaryVersionLocator:
    return elevenlabs.PronunciationDictionaryVersionLocator(
        pronunciation_dictionary_id=dictionary_id, version_id=version_id
    )


def test_a_file_becomes_a_dictionary_and_comes_back_as_one(client: elevenlabs.ElevenLabs) -> None:
    dictionaries = client.pronunciation_dictionaries
    made = dictionaries.create_from_file(
        name="fruit", file=PLS, description="of all kinds", workspace_access="viewer"
    )
    assert (made.name, made.description, made.version_rules_num) == ("fruit", "of all kinds", 3)
    shown = dictionaries.get(made.id)
    assert shown.latest_version_id == made.version_id
    assert [rule.string_to_replace for rule in shown.rules] == ["Apple", "apple", "route"]
    downloaded = b"".join(dictionaries.download(made.id, made.version_id))
    again = dictionaries.create_from_file(name="again", file=("again.pls", downloaded))
    assert dictionaries.get(again.id).rules == shown.rules


def test_rules_are_added_removed_and_replaced_by_versions(client: elevenlabs.ElevenLabs) -> None:
    dictionaries = client.pronunciation_dictionaries
    made = dictionaries.create_from_rules(name="names", rules=[UN])
    rules = dictionaries.rules
    added = rules.add(made.id, rules=[{**UN, "alias": "new"}, {**UN, "string_to_replace": "EU"}])
    removed = rules.remove(made.id, rule_strings=["UN"])
    replaced = rules.set(made.id, rules=[])
    assert [made.version_rules_num, added.version_rules_num, removed.version_rules_num] == [1, 2, 1]
    assert replaced.version_rules_num == 0
    assert b"United Nations" in b"".join(dictionaries.download(made.id, made.version_id))
    assert dictionaries.get(made.id).rules == []


def test_lists_have_pages_and_leave_archived_ones_out(client: elevenlabs.ElevenLabs) -> None:
    dictionaries = client.pronunciation_dictionaries
    made = [dictionaries.create_from_rules(name=f"page {index}", rules=[UN]).id for index in range(3)]
    found: list[str] = []
    cursor = None
    while True:
        page = dictionaries.list(page_size=2, cursor=cursor, sort="name", sort_direction="ascending")
        found += [one.id for one in page.pronunciation_dictionaries if one.name.startswith("page ")]
        cursor = page.next_cursor
        if not page.has_more:
            break
    assert found == made
    assert dictionaries.update(made[0], archived=True).archived_time_unix
    ids = {one.id for one in dictionaries.list(page_size=100).pronunciation_dictionaries}
    everything = dictionaries.list(page_size=100, include_archived=True).pronunciation_dictionaries
    assert made[0] not in ids
    assert made[0] in {one.id for one in everything}
    assert dictionaries.update(made[0], archived=False, name="page x").name == "page x"


@pytest.mark.parametrize("is_kept", [True, False])
def test_speech_and_dialogue_use_dictionaries_in_both_modes(
    client: elevenlabs.ElevenLabs, server: RunningServer, is_kept: bool
) -> None:
    dictionaries = client.pronunciation_dictionaries
    first = dictionaries.create_from_rules(name="first", rules=[UN])
    client.pronunciation_dictionaries.rules.set(first.id, rules=[{**UN, "alias": "later"}])
    second = dictionaries.create_from_rules(
        name="second", rules=[{**UN, "alias": "never"}, {**UN, "string_to_replace": "EU", "alias": "Europe"}]
    )
    before = history_count(server)
    named = [locator(first.id, first.version_id), locator(second.id)]
    timed = client.text_to_speech.convert_with_timestamps(
        VOICE, text="UN and EU.", enable_logging=is_kept, pronunciation_dictionary_locators=named
    )
    assert timed.alignment is not None
    assert timed.normalized_alignment is not None
    assert "".join(timed.alignment.characters) == "UN and EU."
    assert "".join(timed.normalized_alignment.characters) == "United Nations and Europe."
    spoken = client.text_to_dialogue.convert_with_timestamps(
        inputs=[elevenlabs.DialogueInput(text="[softly] UN?", voice_id=VOICE)], enable_logging=is_kept,
        pronunciation_dictionary_locators=[locator(first.id)],
    )  # fmt: skip
    assert spoken.normalized_alignment is not None
    assert "".join(spoken.normalized_alignment.characters).strip() == "later?"
    assert history_count(server) - before == (2 if is_kept else 0)


def test_phonemes_are_for_the_models_that_read_them(client: elevenlabs.ElevenLabs) -> None:
    made = client.pronunciation_dictionaries.create_from_file(name="route", file=PLS)

    def spoken(model_id: str, *locators: elevenlabs.PronunciationDictionaryVersionLocator) -> bytes:
        return b"".join(
            client.text_to_speech.convert(
                VOICE, text="The route.", model_id=model_id, output_format="pcm_22050", enable_logging=False,
                pronunciation_dictionary_locators=list(locators),
            )
        )  # fmt: skip

    assert spoken("eleven_flash_v2", locator(made.id)) != spoken("eleven_flash_v2")
    assert spoken("eleven_multilingual_v2", locator(made.id)) == spoken("eleven_multilingual_v2")


def test_unknown_dictionaries_and_broken_files_are_refused(client: elevenlabs.ElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        b"".join(
            client.text_to_speech.convert(VOICE, text="a", pronunciation_dictionary_locators=[locator("a" * 20)])
        )
    assert caught.value.status_code == 404
    assert caught.value.body["detail"]["param"] == "pronunciation_dictionary_locators"
    doctype = b'<!DOCTYPE lexicon [<!ENTITY a "canary">]><lexicon>&a;</lexicon>'
    for file in (doctype, b"canary", b""):
        with pytest.raises(ApiError) as caught:
            client.pronunciation_dictionaries.create_from_file(name="broken", file=file)
        assert caught.value.status_code == 400
        assert "canary" not in str(caught.value.body)


@pytest.mark.claim("Z5")
def test_dictionaries_cannot_be_made_with_zero_retention(server: RunningServer) -> None:
    path = "/v1/pronunciation-dictionaries/add-from-rules?enable_logging=false"
    status, headers, body = server.request("POST", path, {"name": "n", "rules": []})
    assert (status, json.loads(body)["detail"]["code"]) == (400, "zero_retention_not_supported")
    assert headers["connection"] == "close"
