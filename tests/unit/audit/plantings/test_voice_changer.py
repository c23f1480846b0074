"""The voice changer: both names, whole and streamed, every container; items say that they are conversions."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.planting import Manner
from echoless.audit.plantings.voice_changer import conversion_plantings
from echoless.audit.sounds import CONTAINERS

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("product", ["speech-to-speech", "voice-changer"])
@pytest.mark.parametrize("suffix", ["?", "/stream?"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_all_four_paths_are_planted_in_both_modes(
    mint: CanaryMint, ground: Groundwork, product: str, suffix: str, is_kept: bool
) -> None:
    plantings = conversion_plantings(mint, ground, kept_too=True)
    found = [p for p in plantings if p.is_answered and p.is_kept is is_kept and f"/{product}/" in p.path]
    assert any(p.path.split("JBFqnCBsd6RMkjVDRZzb", 1)[1].startswith(suffix) for p in found)


def test_every_container_is_uploaded_and_clients_leave(mint: CanaryMint, ground: Groundwork) -> None:
    plantings = list(conversion_plantings(mint, ground, kept_too=True))
    assert {p.sound.kind for p in plantings if p.is_answered and p.sound is not None} == set(CONTAINERS)
    assert {Manner.CANCELLED, Manner.LEFT_WHILE_SENDING} <= {p.manner for p in plantings}
    (item,) = {p.kept_text_of({"source": "STS", "text": ""}) for p in plantings if p.is_answered}
    assert item == "STS"
