"""How many requests a workspace may begin a minute, reading and settings included. Pure; in memory only.

One number for each workspace: when the next request would be due if they came evenly. A short burst is let through.
source: ITU-T I.371, the generic cell rate algorithm
"""

from __future__ import annotations

import math
from typing import Final

_BURST_S: Final = 10.0
_OWNERS_MAX: Final = 10_000


class Pace:
    """Counts beginnings by owner.

    per_minute_max: 0 for as many as come
    """

    def __init__(self, per_minute_max: int) -> None:
        self._gap_s = 60.0 / per_minute_max if per_minute_max else 0.0
        self._due_s: dict[str, float] = {}

    def begin(self, owner: str, now_s: float) -> int:
        """Count a request; return 0, or after how many seconds to come again where it is one too many.

        now_s: monotonic
        """
        if not self._gap_s:
            return 0
        due_s = max(now_s, self._due_s.get(owner, now_s))
        early_s = due_s - now_s - max(_BURST_S, self._gap_s) + self._gap_s
        # Sums of gaps are not exact: what is due within a thousandth of a second is due.
        if early_s > 0.001:
            return max(1, math.ceil(early_s))
        if len(self._due_s) >= _OWNERS_MAX:
            self._due_s = {each: other_s for each, other_s in self._due_s.items() if other_s > now_s}
        self._due_s[owner] = due_s + self._gap_s
        return 0
