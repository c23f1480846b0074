"""What was planted where, counted for the report: by product, mode and place; never a word of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from echoless.audit.canary import Canary
from echoless.audit.planting import KEPT, ZERO
from echoless.audit.reports.report import PlantedPlace
from echoless.audit.sounds import Sound

_MODES: Final = frozenset({KEPT, ZERO})


def planted_places(canaries: Iterable[Canary], sounds: Iterable[Sound] = ()) -> list[PlantedPlace]:
    """Return how many texts and recordings each place takes, in the order of their names."""
    counts = Counter((canary.product, *_named(canary.name, is_kept=canary.is_kept)) for canary in canaries)
    for sound in sounds:
        mode, _ = _named(sound.name, is_kept=sound.is_kept)
        counts[sound.product, mode, f"recording, {sound.kind}"] += 1
    return [PlantedPlace(*key, count) for key, count in sorted(counts.items())]


def _named(name: str, *, is_kept: bool) -> tuple[str, str]:
    """Return the mode that was asked for and the place, both of which are in a canary's name."""
    mode, _, rest = name.partition("/")
    place = rest.rpartition("/")[2] or name
    return (mode if mode in _MODES else KEPT if is_kept else ZERO), place
