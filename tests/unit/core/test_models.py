"""The models that the wire protocol names, with their limits."""

from __future__ import annotations

import pytest

from echoless.core.models import DEFAULT_MODEL_ID, MODEL_BY_ID, MODELS, Model

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("model_id", "characters_max"),
    [
        ("eleven_v3", 5_000),
        ("eleven_v3_conversational", 5_000),
        ("eleven_v4", 5_000),
        ("eleven_v4_turbo", 5_000),
        ("eleven_multilingual_v2", 10_000),
        ("eleven_flash_v2_5", 40_000),
        ("eleven_turbo_v2_5", 40_000),
        ("eleven_flash_v2", 30_000),
        ("eleven_turbo_v2", 30_000),
        ("eleven_multilingual_v1", 10_000),
        ("eleven_monolingual_v1", 10_000),
    ],
)
def test_limits_are_those_of_the_wire_contract(model_id: str, characters_max: int) -> None:
    assert MODEL_BY_ID[model_id].characters_max == characters_max


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.model_id)
def test_every_model_lists_languages_once_each(model: Model) -> None:
    codes = [language.code for language in model.languages]
    assert codes
    assert len(set(codes)) == len(codes)
    assert "en" in codes


def test_the_default_model_is_multilingual_v2_and_ignores_the_language_code() -> None:
    assert MODEL_BY_ID[DEFAULT_MODEL_ID].model_id == "eleven_multilingual_v2"
    assert not MODEL_BY_ID[DEFAULT_MODEL_ID].honours_language_code


@pytest.mark.parametrize("model_id", ["eleven_flash_v2", "eleven_turbo_v2", "eleven_monolingual_v1"])
def test_english_models_speak_english_only(model_id: str) -> None:
    assert MODEL_BY_ID[model_id].speaks("en")
    assert not MODEL_BY_ID[model_id].speaks("de")


def test_v3_neither_stitches_nor_streams_its_input() -> None:
    assert not MODEL_BY_ID["eleven_v3"].can_stitch
    assert not MODEL_BY_ID["eleven_v3"].can_stream_input
    assert MODEL_BY_ID["eleven_multilingual_v2"].can_stitch


def test_languages_without_an_engine_are_not_claimed() -> None:
    assert not any(model.speaks("fil") for model in MODELS)


@pytest.mark.parametrize("model_id", ["eleven_english_sts_v2", "eleven_multilingual_sts_v2"])
def test_models_that_change_voices_are_listed_and_count_minutes(model_id: str) -> None:
    model = MODEL_BY_ID[model_id]
    assert (model.can_do_voice_conversion, model.can_do_text_to_speech, model.can_do_speech_to_text) == (
        True,
        False,
        False,
    )
    assert model.is_listed
    assert model.credits_per_minute > 0


@pytest.mark.parametrize(
    ("model_id", "is_live"),
    [
        ("scribe_v1", False),
        ("scribe_v2", False),
        ("scribe_v2_medical", False),
        ("scribe_v3", False),
        ("scribe_v2_realtime", True),
        ("scribe_v3_live", True),
    ],
)
def test_models_that_hear_are_not_listed_and_count_minutes(model_id: str, is_live: bool) -> None:
    model = MODEL_BY_ID[model_id]
    assert (model.can_do_speech_to_text, model.can_do_text_to_speech, model.can_do_voice_conversion) == (
        True,
        False,
        False,
    )
    assert model.can_hear_live is is_live
    assert not model.is_listed
    assert model.credits_per_minute > 0


def test_a_model_counts_characters_or_minutes_never_both() -> None:
    assert all(bool(model.credits_per_minute) is not model.can_do_text_to_speech for model in MODELS)
