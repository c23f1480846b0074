"""Groundwork without a server."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.sounds import SoundMint
from tests.unit.audit.test_sounds import hum


@pytest.fixture
def mint() -> CanaryMint:
    """Always the same words."""
    return CanaryMint(seed=1)


@pytest.fixture
def ground(mint: CanaryMint) -> Groundwork:
    """A dictionary that nobody made, and recordings of a tone."""
    return ground_of(mint)


def ground_of(mint: CanaryMint) -> Groundwork:
    string = mint.plain("kept/string", 14, is_kept=True)
    return Groundwork("the-dictionary", "the-version", string, SoundMint(hum, seed=1))
