"""A setting that names a voice or a model which does not exist is refused by its own name."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.models import MODELS
from echoless.core.voices import VOICES
from echoless.supervisor.catalogue_names import ERROR, check_catalogue_names

pytestmark = pytest.mark.unit
VOICE = VOICES[0].catalogue_id
MODEL = next(model.model_id for model in MODELS if model.can_do_text_to_speech)
GOOD: dict[str, Any] = {
    "unknown_voice": VOICE, "voice_aliases": [VOICE], "unknown_model": ERROR, "model_aliases": [MODEL],
    "character_limits": [MODEL],
}  # fmt: skip


def test_what_exists_may_be_named() -> None:
    check_catalogue_names(**GOOD)
    check_catalogue_names(**GOOD | {"unknown_voice": ERROR, "unknown_model": MODEL})


@pytest.mark.parametrize("name", GOOD)
def test_what_does_not_exist_is_refused_by_the_setting(name: str) -> None:
    wrong = "nobody" if isinstance(GOOD[name], str) else ["nobody"]
    with pytest.raises(ValueError, match=name):
        check_catalogue_names(**GOOD | {name: wrong})


def test_only_what_speaks_has_a_limit_of_characters() -> None:
    silent = next(model.model_id for model in MODELS if not model.can_do_text_to_speech)
    with pytest.raises(ValueError, match="character_limits"):
        check_catalogue_names(**GOOD | {"character_limits": [silent]})
