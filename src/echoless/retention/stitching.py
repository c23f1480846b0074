"""Whether a request may name earlier requests whose voice it continues.

Stitching needs something kept of both requests, so it does not go with zero retention: who asked for zero retention
in the request itself is told so, and who could not know that key or workspace want it is served without.
"""

from __future__ import annotations

from enum import StrEnum

from echoless.retention.decision import RetentionMode, Switch


class Stitching(StrEnum):
    """What happens to the ids of earlier requests."""

    CHECKED = "checked"
    IGNORED = "ignored"
    REFUSED = "refused"


def stitching_for(mode: RetentionMode, switch: Switch) -> Stitching:
    """Return what a request's mode and its own switch mean for the ids it names."""
    if mode is RetentionMode.DEFAULT:
        return Stitching.CHECKED
    return Stitching.REFUSED if switch is Switch.LOGGING_OFF else Stitching.IGNORED
