"""Query and form of speech to text."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptionForm

pytestmark = pytest.mark.unit


def test_forms_are_texts_and_mean_what_they_say() -> None:
    form = TranscriptionForm.checked(
        {"model_id": "scribe_v1", "diarize": "True", "tag_audio_events": "0", "num_speakers": "32", "seed": "0"}
    )
    assert (form.diarize, form.tag_audio_events, form.num_speakers, form.seed) == (True, False, 32, 0)
    assert (form.timestamps_granularity, form.file_format, form.webhook) == ("word", "other", False)


@pytest.mark.claim("Z14")
def test_a_form_does_not_print_what_is_content() -> None:
    form = TranscriptionForm.checked(
        {"model_id": "m", "keyterms": ["canary"], "source_url": "https://canary", "webhook_metadata": {"canary": 1}}
    )
    assert "canary" not in repr(form)


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_speakers": "0"}, {"diarization_threshold": "0.5"}, {"temperature": "-1"}, {"seed": "2147483648"},
        {"keyterms": ["a"] * 1001}, {"transcript_edit": "a" * 2001}, {"timestamps_granularity": "line"},
        {"additional_formats": [{"format": "txt"}] * 17}, {"additional_formats": [{"format": "doc"}]},
        {"additional_formats": [{"format": "txt", "max_segment_chars": 0}]}, {"language_code": "english"},
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnprocessableError):
        TranscriptionForm.checked({"model_id": "m"} | wrong)
