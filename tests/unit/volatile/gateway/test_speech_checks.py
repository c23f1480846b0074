"""Checks that all products share which speak a text."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID
from echoless.crossing.dictionary_records import DictionaryRules, UseDictionary
from echoless.crossing.query_records import CheckRequestIds, Done
from echoless.crossing.records import PronunciationRule, Record
from echoless.retention.decision import RetentionMode, Switch
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.schemas.text_to_speech import AudioEffects, DictionaryLocator
from echoless.volatile.gateway.speech_checks import (
    characters_max,
    check_effects,
    check_request_ids,
    honoured_language,
    model_for,
    rules_for,
)
from tests.fakes.gateway import gateway_config

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
FLASH, V2 = MODEL_BY_ID["eleven_flash_v2"], MODEL_BY_ID["eleven_multilingual_v2"]


class Vault:
    """Knows dictionaries by id."""

    def __init__(self, **dictionaries: list[PronunciationRule]) -> None:
        self.dictionaries = dictionaries
        self.questions: list[Record] = []

    async def ask(self, record: Record) -> Record:
        self.questions.append(record)
        if isinstance(record, UseDictionary):
            return DictionaryRules("v", self.dictionaries[record.dictionary_id])
        return Done()


def call_on(vault: Vault, mode: RetentionMode = RetentionMode.DEFAULT, switch: Switch = Switch.ABSENT) -> Call:
    return cast(Call, SimpleNamespace(open_ticket=vault, mode=mode, switch=switch))


def locators(*ids: str) -> list[DictionaryLocator]:
    return [DictionaryLocator(pronunciation_dictionary_id=name) for name in ids]


async def strings(vault: Vault, ids: Sequence[str], text: str, model: Any = V2, limit: int = 100) -> list[str]:
    rules = await rules_for(call_on(vault), locators(*ids), (text,), model, limit)
    return [rule.alias or rule.phoneme for rule in rules]


async def test_rules_come_in_the_order_of_the_locators_and_only_where_they_hold() -> None:
    vault = Vault(
        one=[PronunciationRule("a", "first"), PronunciationRule("absent", "x")],
        two=[PronunciationRule("a", "second"), PronunciationRule("b", "third")],
    )
    assert await strings(vault, ["one", "two"], "a b") == ["first", "third"]
    assert await strings(vault, ["two", "one"], "a b") == ["second", "third"]
    assert await strings(vault, [], "a b") == []


async def test_phonemes_are_for_the_models_that_read_them_and_aliases_for_all() -> None:
    rules = [PronunciationRule("a", phoneme="k", alphabet="ipa"), PronunciationRule("a", "alias")]
    assert await strings(Vault(d=rules), ["d"], "a", FLASH) == ["k"]
    assert await strings(Vault(d=rules), ["d"], "a", V2) == ["alias"]


async def test_a_text_may_not_grow_beyond_twice_the_limit() -> None:
    vault = Vault(d=[PronunciationRule("a", "b" * 40)])
    assert await strings(vault, ["d"], "a a a a", limit=100)
    with pytest.raises(EcholessError) as caught:
        await strings(vault, ["d"], "a a a a a a", limit=100)
    assert caught.value.code is ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED


@pytest.mark.parametrize(("name", "version"), [("no id", None), ("", None), ("x" * 21, None), ("d", "no version")])
async def test_what_cannot_be_an_id_is_not_even_asked_for(name: str, version: str | None) -> None:
    vault = Vault(d=[])
    with pytest.raises(EcholessError) as caught:
        locator = DictionaryLocator(pronunciation_dictionary_id=name, version_id=version)
        await rules_for(call_on(vault), [locator], ("a",), V2, 100)
    assert caught.value.code is ErrorCode.DICTIONARY_NOT_FOUND
    assert vault.questions == []


@pytest.mark.parametrize(
    ("mode", "switch", "expected"),
    [
        (RetentionMode.DEFAULT, Switch.ABSENT, "asked"),
        (RetentionMode.ZERO, Switch.ABSENT, "ignored"),
        (RetentionMode.ZERO, Switch.LOGGING_OFF, ErrorCode.ZERO_RETENTION_NOT_SUPPORTED),
    ],
)
async def test_earlier_requests_are_asked_for_ignored_or_refused(
    mode: RetentionMode, switch: Switch, expected: str
) -> None:
    """C13"""
    vault = Vault()
    call = call_on(vault, mode, switch)
    if expected in {"asked", "ignored"}:
        await check_request_ids(call, ["a" * 99], [], model_id="m", can_stitch=True)
        assert vault.questions == ([CheckRequestIds(["a" * 65], [])] if expected == "asked" else [])
    else:
        with pytest.raises(EcholessError) as caught:
            await check_request_ids(call, [], ["a"], model_id="m", can_stitch=True)
        assert (caught.value.code, caught.value.param) == (expected, "next_request_ids")


async def test_a_model_that_cannot_stitch_says_so_and_no_ids_are_no_question() -> None:
    vault = Vault()
    with pytest.raises(EcholessError) as caught:
        await check_request_ids(call_on(vault), ["a"], [], model_id="m", can_stitch=False)
    assert caught.value.param == "previous_request_ids"
    await check_request_ids(call_on(vault), [], [], model_id="m", can_stitch=False)
    assert vault.questions == []


def test_a_model_is_found_by_id_alias_or_the_operators_choice() -> None:
    config = gateway_config(model_aliases={"mine": "eleven_flash_v2"}, character_limits={"eleven_flash_v2": 5})
    assert model_for(None, "eleven_v3", config).model_id == "eleven_v3"
    assert model_for("mine", "eleven_v3", config) is FLASH
    assert (characters_max(FLASH, config), characters_max(V2, config)) == (5, 10_000)
    with pytest.raises(EcholessError) as caught:
        model_for("other", "eleven_v3", config)
    assert caught.value.code is ErrorCode.MODEL_NOT_FOUND
    assert model_for("other", "eleven_v3", gateway_config(unknown_model="eleven_flash_v2")) is FLASH


def test_a_language_counts_where_the_model_honours_and_lists_it() -> None:
    assert honoured_language(" DE ", MODEL_BY_ID["eleven_v3"]) == "de"
    assert honoured_language("de", V2) == honoured_language("de", FLASH) == honoured_language(None, FLASH) == ""


@pytest.mark.parametrize(
    ("effects", "param"),
    [
        ({"filter_preset_id": "a"}, "audio_effects.filter_preset_id"),
        ({"background_noise_id": "a"}, "audio_effects.background_noise_id"),
        ({"pan": 0.5}, "audio_effects.pan"),
    ],
)
def test_effects_that_this_server_lacks_are_refused(effects: dict[str, Any], param: str) -> None:
    with pytest.raises(EcholessError) as caught:
        check_effects(AudioEffects(**effects))
    assert caught.value.param == param
    check_effects(AudioEffects(pan=0.0, send_level=1.0))
    check_effects(None)


@pytest.mark.parametrize("model_id", ["scribe_v1", "eleven_english_sts_v2"])
async def test_a_model_that_speaks_no_text_is_refused_for_a_text(model_id: str) -> None:
    with pytest.raises(EcholessError) as refused:
        model_for(model_id, "eleven_v3", gateway_config())
    assert refused.value.code is ErrorCode.INVALID_PARAMETERS
    assert refused.value.param == "model_id"
