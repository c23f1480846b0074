"""Which conversion an order gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voice_pitches import PITCH_BY_VOICE_ID
from echoless.crossing.media_records import Convert
from echoless.volatile.engines.sts.world import WorldConversion

_STABILITY: Final = 0.5
_STYLE: Final = 0.0


def world_conversion(order: Convert) -> WorldConversion:
    """Return the conversion to the voice of an order.

    raises: EcholessError(VOICE_NOT_FOUND), ENGINE_UNAVAILABLE for another engine than the embedded one
    """
    if order.engine_model:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "this process converts with the embedded engine only")
    voice = PITCH_BY_VOICE_ID.get(order.catalogue_id)
    if voice is None:
        raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "no such voice", param="voice_id")
    return WorldConversion(voice, liveliness_of(order.settings))


def liveliness_of(settings: Mapping[str, float | bool]) -> float:
    """Return the factor of a voice's spread of pitch, by the same measure as in synthesis.

    `stability` below 0.5 widens it and above narrows it, `style` widens it by half at 1.0
    """
    stability, style = settings.get("stability", _STABILITY), settings.get("style", _STYLE)
    return (1.5 - stability) * (1.0 + 0.5 * style)
