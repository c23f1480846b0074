"""Figures from samples: percentiles, ratios, and how sure they are."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from typing import Final

_RESAMPLES: Final = 2_000
_SEED: Final = 1


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies, interpolated.

    share: 0.0 to 1.0
    """
    assert values, "there is no percentile of nothing"
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def lower_bound_of_median(values: Sequence[float], confidence: float = 0.95) -> float:
    """Return the lower bound of the median by bootstrap: one-sided, always the same for the same values."""
    generator = random.Random(_SEED)  # noqa: S311  # resampling, no secret
    medians = [statistics.median(generator.choices(values, k=len(values))) for _ in range(_RESAMPLES)]
    return percentile(medians, 1.0 - confidence)
