"""What speech to text makes of a form."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID
from echoless.volatile.gateway.forms import Form
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptionForm
from echoless.volatile.gateway.transcription_checks import (
    changes_job,
    check_fields,
    form_fields,
    hearing_model,
    job_for,
)
from tests.fakes.gateway import gateway_config
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = pytest.mark.unit


def made(**values: Any) -> TranscriptionForm:
    return TranscriptionForm(**({"model_id": "scribe_v2"} | values))


@pytest.mark.parametrize(
    ("written", "code"), [("en", "en"), ("deu", "de"), ("pt-BR", "pt"), ("XYZ", "xyz"), (None, "")]
)
def test_languages_are_asked_for_by_two_letters(written: str | None, code: str) -> None:
    job = job_for(made(language_code=written), MODEL_BY_ID["scribe_v2"], gateway_config())
    assert job.language_code == code


def test_channels_may_be_an_hour_long_and_everything_else_ten() -> None:
    model = MODEL_BY_ID["scribe_v2"]
    assert job_for(made(use_multi_channel=True), model, gateway_config()).duration_ms_max == 3_600_000
    assert job_for(made(), model, gateway_config()).duration_ms_max == 36_000_000


def test_an_installed_model_is_named_in_the_job() -> None:
    settings = gateway_config(model_engines={"scribe_v2": "local:whisper"})
    assert job_for(made(), MODEL_BY_ID["scribe_v2"], settings).engine_model == "local:whisper"


@pytest.mark.parametrize("model_id", ["scribe_v1", "scribe_v2", "scribe_v2_medical", "scribe_v3"])
def test_models_for_recordings_are_known(model_id: str) -> None:
    assert hearing_model(model_id, gateway_config()).model_id == model_id
    assert hearing_model("mine", gateway_config(model_aliases={"mine": model_id})).model_id == model_id


@pytest.mark.parametrize("model_id", ["scribe_v3_live", "eleven_v3", "canary"])
def test_other_models_are_refused_with_those_that_do(model_id: str) -> None:
    with pytest.raises(EcholessError) as caught:
        hearing_model(model_id, gateway_config())
    assert caught.value.code is ErrorCode.INVALID_MODEL_ID
    assert "scribe_v1" in caught.value.public_description
    assert "canary" not in caught.value.public_description


def test_only_what_shapes_the_answer_may_come_late() -> None:
    assert not changes_job(made(), made(additional_formats=[{"format": "txt"}], webhook_metadata={"a": 1}))
    assert not changes_job(made(), made(multichannel_output_style="combined"))
    for late in ({"diarize": True}, {"keyterms": ["a"]}, {"webhook": True}, {"source_url": "https://a"}):
        assert changes_job(made(), made(**late))


@pytest.mark.parametrize(
    "harmless",
    [
        {"num_speakers": 3},
        {"entity_redaction_mode": "redacted"},
        {"multichannel_output_style": "combined", "timestamps_granularity": "none"},
        {"diarize": True, "diarization_threshold": 0.2},
        {"use_speaker_library": False, "detect_speaker_roles": False, "transcript_edit": ""},
        {"webhook_metadata": {"a": {"b": 1}, "c": [1, 2]}},
        {"keyterms": ["a b c d e"]},
    ],
)
def test_what_changes_nothing_is_taken(harmless: dict[str, Any]) -> None:
    check_fields(made(**harmless))


@pytest.mark.parametrize(
    "metadata", [{"a": {"b": {"c": 1}}}, {"a": [{"b": {"c": 1}}]}, {"a": "x" * 16_384}, {"a": {"b": {}}}]
)
def test_metadata_is_small_and_flat(metadata: dict[str, Any]) -> None:
    with pytest.raises(EcholessError) as caught:
        check_fields(made(webhook_metadata=metadata))
    assert caught.value.param == "webhook_metadata"


def test_metadata_may_name_anything_and_is_not_read() -> None:
    form = Form(texts={"model_id": "scribe_v1", "webhook_metadata": '{"enable_logging": "false"}'})
    assert form_fields(new_call([]), form).webhook_metadata == {"enable_logging": "false"}
