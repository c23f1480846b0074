"""Text to dialogue over a fake vault and a fake engine."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.dictionary_records import DictionaryRules, UseDictionary
from echoless.crossing.query_records import CheckRequestIds
from echoless.crossing.records import CloseStatus, PronunciationRule
from echoless.retention.decision import RetentionMode
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/text-to-dialogue"
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"
AUDIO = bytes(range(256)) * 300
INPUTS = [{"text": "[softly] One.", "voice_id": RACHEL}, {"text": "Two?", "voice_id": GEORGE}]


def body(**changes: Any) -> dict[str, Any]:
    return {"inputs": INPUTS} | changes


def job_of(gateway: Gateway) -> DialogueSpeak:
    job = gateway.engine.jobs[-1].speak
    assert isinstance(job, DialogueSpeak)
    return job


async def test_a_default_dialogue_is_kept_by_its_lines_before_its_end() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", PATH, body(seed=5, previous_text="before"))
        assert (reply.status, reply.is_complete, reply.body) == (200, True, AUDIO)
        kept = gateway.vault.last
        assert kept.text is not None
        assert kept.text.text == ""
        lines = [(line.text, line.voice_id, line.voice_name) for line in kept.text.dialogue]
        assert lines == [("[softly] One.", RACHEL, "Rachel"), ("Two?", GEORGE, "George")]
        assert (kept.text.seed, kept.text.previous_text) == (5, "before")
        assert bytes(kept.audio) == AUDIO
        assert kept.closed is not None
        assert kept.closed.status is CloseStatus.DONE
        assert reply.headers["history-item-id"] == kept.history_item_id
        assert reply.headers["x-echoless-retention"] == "default"
        assert reply.headers["character-cost"] == reply.headers["x-character-count"] == "17"


@pytest.mark.parametrize("suffix", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
async def test_a_zero_dialogue_is_answered_and_nothing_crosses(suffix: str) -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}{suffix}?enable_logging=false", body())
        assert (reply.status, reply.is_complete) == (200, True)
        assert reply.headers["x-echoless-retention"] == "zero"
        assert "history-item-id" not in reply.headers
        kept = gateway.vault.last
        assert kept.mode is RetentionMode.ZERO
        assert (kept.text, bytes(kept.audio), kept.alignments) == (None, b"", [])


async def test_whole_timestamps_say_who_speaks_which_characters() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}/with-timestamps", body())
        assert set(reply.json) == {"audio_base64", "alignment", "normalized_alignment", "voice_segments"}
        assert base64.b64decode(reply.json["audio_base64"]) == AUDIO
        assert "".join(reply.json["alignment"]["characters"]) == "[softly] One.Two?"
        assert reply.json["voice_segments"] == [
            {
                "voice_id": RACHEL, "start_time_seconds": 0.0, "end_time_seconds": 0.5,
                "character_start_index": 0, "character_end_index": 13, "dialogue_input_index": 0,
            },
            {
                "voice_id": GEORGE, "start_time_seconds": 1.0, "end_time_seconds": 1.5,
                "character_start_index": 13, "character_end_index": 17, "dialogue_input_index": 1,
            },
        ]  # fmt: skip


async def test_streamed_lines_have_the_segments_of_their_own_characters() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}/stream/with-timestamps", body())
        lines = [json.loads(line) for line in reply.body.splitlines() if line]
        assert b"".join(base64.b64decode(line["audio_base64"]) for line in lines) == AUDIO
        assert [len(line["voice_segments"]) for line in lines] == [2, *[0] * (len(lines) - 1)]


async def test_the_engine_gets_catalogue_voices_their_settings_and_those_of_the_request() -> None:
    async with running_gateway() as gateway:
        settings = {"stability": 0.0, "similarity": 1.0, "speed": 1.1}
        await gateway.ask("POST", PATH, body(settings=settings, language_code="de", apply_text_normalization="off"))
        job = job_of(gateway)
        assert [turn.catalogue_id for turn in job.turns] == [RACHEL, GEORGE]
        for turn in job.turns:
            assert (turn.settings["stability"], turn.settings["similarity_boost"], turn.settings["speed"]) == (
                0.0, 1.0, 1.1,
            )  # fmt: skip
            assert turn.settings["use_speaker_boost"] is True
        assert (job.language_code, job.normalization.value, job.wants_alignment) == ("de", "off", False)
        assert gateway.vault.last.reserved is not None
        assert gateway.vault.last.reserved.model_id == "eleven_v3"


async def test_rules_of_dictionaries_reach_the_engine_in_the_order_of_the_locators_as_far_as_they_hold() -> None:
    async with running_gateway() as gateway:
        rules = [PronunciationRule("One", "1"), PronunciationRule("absent", "x")]
        phoneme = PronunciationRule("Two", phoneme="tu", alphabet="ipa")
        gateway.vault.scripted[UseDictionary] = DictionaryRules("v", [*rules, phoneme])
        locators = [
            {"pronunciation_dictionary_id": "a" * 20},
            {"pronunciation_dictionary_id": "b", "version_id": "c"},
        ]
        for mode in ("true", "false"):
            reply = await gateway.ask(
                "POST", f"{PATH}?enable_logging={mode}", body(pronunciation_dictionary_locators=locators)
            )
            assert reply.status == 200
            # The second dictionary has the same rules, which never hold; phonemes are not for this model.
            assert job_of(gateway).rules == [rules[0]]
        asked = [question for question in gateway.vault.questions if isinstance(question, UseDictionary)]
        assert asked == [UseDictionary("a" * 20), UseDictionary("b", "c")] * 2


@pytest.mark.parametrize(
    ("change", "status", "code", "param"),
    [
        ({"inputs": [{"text": "a", "voice_id": f"voice{n}"} for n in range(11)]}, 400,
         "invalid_parameters", "inputs"),
        ({"inputs": [{"text": "a", "voice_id": RACHEL}, {"text": "b", "voice_id": "nobody"}]}, 404,
         "voice_not_found", "inputs.1.voice_id"),
        ({"inputs": [{"text": "a" * 2501, "voice_id": RACHEL}, {"text": "b" * 2500, "voice_id": GEORGE}]}, 400,
         "max_character_limit_exceeded", "inputs"),
        ({"model_id": "eleven_flash_v2"}, 400, "invalid_parameters", "model_id"),
        ({"model_id": "nothing"}, 404, "model_not_found", "model_id"),
        ({"audio_effects": {"environment_id": "cave"}}, 404, "not_found", "audio_effects.environment_id"),
        ({"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "no id"}]}, 404,
         "pronunciation_dictionary_not_found", "pronunciation_dictionary_locators"),
    ],
)  # fmt: skip
async def test_combinations_that_cannot_be_are_refused_before_the_engine(
    change: dict[str, Any], status: int, code: str, param: str
) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body(**change))
        assert (reply.status, reply.code, reply.json["detail"]["param"]) == (status, code, param)
        assert gateway.engine.jobs == []
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.REFUSED


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"inputs": []}, ["body", "inputs"]),
        ({"inputs": [{"text": "  ", "voice_id": RACHEL}]}, ["body", "inputs", 0, "text"]),
        ({"inputs": [{"text": "canary"}]}, ["body", "inputs", 0, "voice_id"]),
        ({"settings": {"stability": 2}}, ["body", "settings", "stability"]),
        ({"previous_text": "canary" * 20}, ["body", "previous_text"]),
        ({"seed": -1}, ["body", "seed"]),
        ({"previous_request_ids": ["a"] * 4}, ["body", "previous_request_ids"]),
        ({"enable_logging": False}, ["query", "enable_logging"]),
    ],
)
async def test_fields_that_do_not_fit_are_named_and_not_echoed(change: dict[str, Any], location: list[Any]) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, body(**change))
        assert reply.status == 422
        assert reply.json["detail"][0]["loc"] == location
        assert b"canary" not in reply.body


async def test_streams_have_no_riff() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"{PATH}/stream?output_format=wav_16000", body())
        assert reply.status == 422


async def test_earlier_requests_are_checked_and_refused_with_zero_retention() -> None:
    """C13: dialogues are joined whatever the model, but never with zero retention."""
    async with running_gateway() as gateway:
        ids = {"previous_request_ids": ["f" * 32]}
        assert (await gateway.ask("POST", PATH, body(**ids))).status == 200
        assert any(isinstance(question, CheckRequestIds) for question in gateway.vault.questions)
        refused = await gateway.ask("POST", f"{PATH}?enable_logging=false", body(**ids))
        assert (refused.status, refused.code) == (400, "zero_retention_not_supported")
        assert refused.json["detail"]["param"] == "previous_request_ids"
