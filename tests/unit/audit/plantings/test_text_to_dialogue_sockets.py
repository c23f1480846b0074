"""Dialogue by socket: one stream and several, closed, open, refused and vanished."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner
from echoless.audit.plantings.text_to_dialogue import DIALOGUE
from echoless.audit.plantings.text_to_dialogue_sockets import dialogue_socket_plantings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("suffix", ["stream-input", "multi-stream-input"])
def test_both_sockets_are_planted(mint: CanaryMint, ground: Groundwork, suffix: str) -> None:
    plantings = dialogue_socket_plantings(mint, ground, kept_too=True)
    assert any(p.is_answered and p.path.startswith(f"{DIALOGUE}/{suffix}?") for p in plantings)


def test_sockets_stay_open_vanish_and_are_refused(mint: CanaryMint, ground: Groundwork) -> None:
    plantings = list(dialogue_socket_plantings(mint, ground, kept_too=False))
    assert {Manner.WHOLE, Manner.HELD_OPEN, Manner.CANCELLED} == {p.manner for p in plantings}
    assert len([p for p in plantings if p.statuses == (1008,) and not p.is_kept]) >= 6
