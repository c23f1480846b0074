"""Form of the voice changer."""

from __future__ import annotations

import pytest

from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.schemas.speech_to_speech import ConversionForm

pytestmark = pytest.mark.unit


def test_forms_are_texts_and_mean_what_they_say() -> None:
    form = ConversionForm.checked({"seed": "4294967295", "remove_background_noise": "true", "other": "ignored"})
    assert (form.seed, form.remove_background_noise, form.file_format) == (4294967295, True, "other")
    settings = ConversionForm.checked({"voice_settings": {"stability": 0.5, "style": None}}).voice_settings
    assert settings is not None
    assert settings.given() == {"stability": 0.5}


def test_faults_are_placed_inside_the_settings() -> None:
    with pytest.raises(UnprocessableError) as caught:
        ConversionForm.checked({"voice_settings": {"stability": 2}, "seed": "-1"})
    places = {field.location for field in caught.value.fields}
    assert places == {("body", "voice_settings", "stability"), ("body", "seed")}
