"""What each tier may run at once."""

from __future__ import annotations

import pytest

from echoless.core.models import MODELS
from echoless.retention.endpoints import ENDPOINTS
from echoless.vault.intake.granting import is_counted
from echoless.vault.intake.waiting import is_slow
from echoless.vault.stores.accounts import CHARACTERS_BY_TIER
from echoless.vault.stores.plans import LANES_OF_KEYS, Lane, lane_of, places_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("tier", "slow", "fast", "hearing"),
    [
        ("free", 2, 4, 10), ("starter", 3, 6, 15), ("creator", 5, 10, 25), ("pro", 10, 20, 50),
        ("scale", 15, 30, 75), ("business", 15, 30, 75), ("enterprise", 99, 99, 99),
    ],
)  # fmt: skip
def test_the_places_of_a_tier_are_the_contracts(tier: str, slow: int, fast: int, hearing: int) -> None:
    found = [places_of(tier, lane, None, 99) for lane in (Lane.SLOW_SPEECH, Lane.SPEECH, Lane.HEARING)]
    assert found == [slow, fast, hearing]
    assert tier in CHARACTERS_BY_TIER


def test_the_operators_word_for_a_workspace_wins_and_the_servers_bounds_a_tier() -> None:
    assert places_of("free", Lane.SPEECH, 50, 20) == 50
    assert places_of("scale", Lane.HEARING, None, 20) == 20
    assert places_of("enterprise", Lane.HEARING, None, 20) == 20


def test_every_generation_has_a_lane_and_every_model_of_speech_a_pace() -> None:
    lanes = {lane_of(endpoint) for endpoint in ENDPOINTS if is_counted(endpoint)}
    assert lanes == {Lane.SPEECH, Lane.HEARING}
    slow = {model.model_id for model in MODELS if is_slow(model.model_id)}
    assert {"eleven_multilingual_v2", "eleven_v3", "eleven_english_sts_v2"} <= slow
    assert not slow & {"eleven_flash_v2", "eleven_flash_v2_5", "eleven_turbo_v2_5", "scribe_v1", "no_such_model"}
    assert set(LANES_OF_KEYS) == {Lane.SPEECH, Lane.DUBBING, Lane.MUSIC}
