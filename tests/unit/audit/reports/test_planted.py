"""What was planted is told by product, mode and place."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.reports.planted import planted_places
from echoless.audit.sounds import SoundMint
from tests.unit.audit.test_sounds import hum

pytestmark = pytest.mark.unit


def test_places_are_counted_by_product_mode_and_place() -> None:
    mint, sounds = CanaryMint(seed=3), SoundMint(hum, seed=3)
    mint.product = sounds.product = "voice_changer"
    mint.plain("zero/V1/header value", 20, is_kept=False)
    mint.plain("zero/V2/header value", 20, is_kept=False)
    mint.plain("kept/refused/text", 20, is_kept=False)
    sounds.sound("kept/V1", "wav", is_kept=True)
    mint.product = ""
    mint.plain("search", 20, is_kept=False)
    told = [(row.product, row.mode, row.place, row.count) for row in planted_places(mint.canaries, sounds.sounds)]
    assert told == [
        ("", "zero", "search", 1),
        ("voice_changer", "kept", "recording, wav", 1),
        ("voice_changer", "kept", "text", 1),
        ("voice_changer", "zero", "header value", 2),
    ]
