"""The query and body of a dialogue."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.text_to_dialogue import (
    DialogueBody,
    DialogueSettings,
    StreamedDialogueQuery,
    WholeDialogueQuery,
)

pytestmark = pytest.mark.unit
LINE = {"text": "a", "voice_id": "v"}


def test_settings_become_voice_settings_and_null_is_absent() -> None:
    settings = DialogueSettings.checked({"stability": 0.5, "similarity": 1, "speed": None, "other": 3})
    assert settings.given() == {"stability": 0.5, "similarity_boost": 1.0}


def test_null_members_are_as_absent_ones() -> None:
    names = set(DialogueBody.model_fields) - {"inputs"}
    assert DialogueBody.checked({"inputs": [LINE]} | dict.fromkeys(names)) == DialogueBody.checked(
        {"inputs": [LINE]}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": None}, {"inputs": [{"text": "", "voice_id": "v"}]}, {"inputs": [LINE] * 1001},
        {"settings": {"speed": 5}}, {"future_text": "x" * 101}, {"seed": 2**32},
        {"pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "d"}] * 4},
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(UnprocessableError):
        DialogueBody.checked({"inputs": [LINE]} | change)


def test_only_whole_answers_may_be_riff() -> None:
    assert WholeDialogueQuery.parse([("output_format", "wav_8000")]).output_format == "wav_8000"
    with pytest.raises(UnprocessableError):
        StreamedDialogueQuery.parse([("output_format", "wav_8000")])
