"""Names of voices and models in the settings: one that does not exist would do nothing, silently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from echoless.core.models import MODEL_BY_ID, MODELS
from echoless.core.voices import VOICE_BY_ID

ERROR: Final = "error"
"""Stands in the place of a name where an unknown one is an error."""
_SPEAKING: Final = frozenset(model.model_id for model in MODELS if model.can_do_text_to_speech)


def check_catalogue_names(
    *, unknown_voice: str, voice_aliases: Iterable[str], unknown_model: str, model_aliases: Iterable[str],
    character_limits: Iterable[str],
) -> None:  # fmt: skip
    """Prove that voices and models which settings name exist.

    raises: ValueError naming the setting
    """
    for key, named, known in (
        ("unknown_voice", [unknown_voice], {*VOICE_BY_ID, ERROR}),
        ("voice_aliases", voice_aliases, VOICE_BY_ID.keys()),
        ("unknown_model", [unknown_model], {*_SPEAKING, ERROR}),
        ("model_aliases", model_aliases, MODEL_BY_ID.keys()),
        ("character_limits", character_limits, _SPEAKING),
    ):
        if not known >= set(named):
            what = "voice" if "voice" in key else "model"
            raise ValueError(f"{key} names a {what} that does not exist")
