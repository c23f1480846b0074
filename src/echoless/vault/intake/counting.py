"""(1) What a request may be counted as: a model of its product, a format, a number of characters. Closed sets.

Whoever speaks a text is counted by characters before; whoever brings a recording by its minutes, at the end.
"""

from __future__ import annotations

import math
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODEL_BY_ID, Model
from echoless.crossing.records import ReserveUnits
from echoless.crossing.socket_records import BeginGeneration
from echoless.retention.endpoints import Product

_CHARACTERS_MAX: Final = 1_000_000
_MINUTE_MS: Final = 60_000


def checked_model(product: Product, record: ReserveUnits | BeginGeneration) -> Model:
    """Return the model of a request.

    raises: EcholessError(CROSSING_BROKEN) for a model, format or number that no honest gateway sends
    """
    model = MODEL_BY_ID.get(record.model_id)
    if model is None or not _fits(model, product):
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "units of a model that does not exist, or not for this")
    hears = model.can_do_speech_to_text
    has_format = record.output_format in AUDIO_FORMATS or (hears and not record.output_format)
    characters_max = 0 if model.credits_per_minute else _CHARACTERS_MAX
    if not has_format or record.characters > characters_max:
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "units of a format that does not exist, or too many")
    return model


def credits_of(model_id: str, audio_ms: int) -> int:
    """Return the units of a recording, a begun one whole; 0 for models that count characters."""
    model = MODEL_BY_ID.get(model_id)
    return math.ceil(audio_ms * model.credits_per_minute / _MINUTE_MS) if model is not None else 0


def _fits(model: Model, product: Product) -> bool:
    if product is Product.VOICE_CHANGER:
        return model.can_do_voice_conversion
    if product is Product.SPEECH_TO_TEXT:
        return model.can_do_speech_to_text
    return model.can_do_text_to_speech
