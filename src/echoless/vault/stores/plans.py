"""What each tier may run at once, by kind of work, as data.

Speaking counts twice: every request of it holds a place of `speech`, and one whose model is not a fast one
holds a place of `slow_speech` too. An enterprise's figures are a matter of contract: the operator's
setting for the server.
source: the wire contract, limits and concurrency
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from echoless.retention.endpoints import Endpoint, Product


class Lane(StrEnum):
    """A kind of work that is counted on its own."""

    SPEECH = "speech"
    SLOW_SPEECH = "slow_speech"
    HEARING = "hearing"
    DUBBING = "dubbing"
    MUSIC = "music"


LANES_OF_KEYS: Final[Mapping[str, str]] = {
    Lane.SPEECH: "tts_concurrency_limit",
    Lane.DUBBING: "dubbing_concurrency_limit",
    Lane.MUSIC: "music_concurrency_limit",
}
"""Kinds that a key may have a limit of its own of, and what the wire calls that."""
_LANES: Final[Mapping[Product, Lane]] = {
    Product.TEXT_TO_SPEECH: Lane.SPEECH,
    Product.TEXT_TO_DIALOGUE: Lane.SPEECH,
    Product.VOICE_CHANGER: Lane.SPEECH,
    Product.SPEECH_TO_TEXT: Lane.HEARING,
    Product.DUBBING: Lane.DUBBING,
    Product.MUSIC: Lane.MUSIC,
}
_BY_TIER: Final[Mapping[str, Mapping[Lane, int]]] = {
    tier: {Lane.SPEECH: fast, Lane.SLOW_SPEECH: slow, Lane.HEARING: hearing, Lane.DUBBING: slow, Lane.MUSIC: slow}
    for tier, slow, fast, hearing in (
        ("free", 2, 4, 10),
        ("starter", 3, 6, 15),
        ("creator", 5, 10, 25),
        ("pro", 10, 20, 50),
        ("scale", 15, 30, 75),
        ("business", 15, 30, 75),
    )
}


def lane_of(endpoint: Endpoint) -> Lane:
    """Return the kind of work that an endpoint does; what has none of its own counts as speech."""
    return _LANES.get(endpoint.product, Lane.SPEECH)


def places_of(tier: str, lane: Lane, own_max: int | None, server_max: int) -> int:
    """Return how many requests of a kind a workspace runs at once.

    own_max:    the operator's word for this workspace, which wins over its tier
    server_max: the operator's word for every workspace whose tier says nothing
    """
    if own_max is not None:
        return own_max
    limits = _BY_TIER.get(tier)
    return server_max if limits is None else min(limits[lane], server_max)


def gate_name(owner_id: str, lane: Lane) -> str:
    """Return what the places of a workspace or a key for a kind of work are counted under."""
    return f"{owner_id} {lane}"
