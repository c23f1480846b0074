"""Dialogues: every route in both modes; what an item must hold is every line as it was sent."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Planting
from echoless.audit.plantings.text_to_dialogue import DIALOGUE, dialogue_plantings, dialogue_text

pytestmark = pytest.mark.unit


@pytest.fixture
def plantings(mint: CanaryMint, ground: Groundwork) -> list[Planting]:
    return list(dialogue_plantings(mint, ground, kept_too=True))


@pytest.mark.parametrize("suffix", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_every_route_is_planted_in_both_modes(plantings: list[Planting], suffix: str, is_kept: bool) -> None:
    good = [p for p in plantings if p.text is not None and p.path.startswith(f"{DIALOGUE}{suffix}?")]
    assert is_kept in {p.is_kept for p in good}


def test_an_item_must_hold_every_line_and_tag_as_it_was_sent(plantings: list[Planting]) -> None:
    (planting,) = (p for p in plantings if p.name == "kept/D2")
    assert isinstance(planting.body, dict)
    lines = [{"text": line["text"], "voice_id": "v", "voice_name": "n"} for line in planting.body["inputs"]]
    assert planting.kept_text_of({"text": None, "dialogue": lines}) == planting.kept_text
    assert dialogue_text({"dialogue": lines[:2]}) != planting.kept_text
    assert planting.text is not None
    assert planting.text.text in planting.kept_text
