"""Which conversion an order gets."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import Convert, InputFormat
from echoless.volatile.engines.sts.conversions import liveliness_of, world_conversion
from echoless.volatile.engines.sts.world import WorldConversion
from tests.unit.volatile.engines.sts.conftest import MALE_ID

pytestmark = pytest.mark.unit


def order(catalogue_id: str = MALE_ID, engine_model: str = "") -> Convert:
    return Convert(engine_model, catalogue_id, {}, None, "pcm_16000", InputFormat.OTHER, False, 1, 1)


def test_a_voice_of_the_catalogue_is_converted_to() -> None:
    assert isinstance(world_conversion(order()), WorldConversion)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (order("nobody"), ErrorCode.VOICE_NOT_FOUND),
        (order(engine_model="remote:other"), ErrorCode.ENGINE_UNAVAILABLE),
    ],
)
def test_what_is_not_there_is_refused(asked: Convert, code: ErrorCode) -> None:
    with pytest.raises(EcholessError) as refused:
        world_conversion(asked)
    assert refused.value.code is code


def test_settings_change_the_spread_as_they_do_in_synthesis() -> None:
    assert liveliness_of({}) == 1.0
    assert liveliness_of({"stability": 1.0}) == 0.5
    assert liveliness_of({"stability": 0.0, "style": 1.0}) == 2.25
    assert liveliness_of({"similarity_boost": 1.0, "use_speaker_boost": True}) == 1.0
