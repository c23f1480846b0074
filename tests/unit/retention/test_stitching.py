"""Naming earlier requests, and zero retention."""

from __future__ import annotations

import pytest

from echoless.retention.decision import RetentionMode, Switch
from echoless.retention.stitching import Stitching, stitching_for

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("switch", Switch)
def test_ids_are_never_used_with_zero_retention(switch: Switch) -> None:
    """C13: refused where the request asked for zero itself, else ignored."""
    expected = Stitching.REFUSED if switch is Switch.LOGGING_OFF else Stitching.IGNORED
    assert stitching_for(RetentionMode.ZERO, switch) is expected


@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_ON])
def test_ids_are_checked_where_things_are_kept(switch: Switch) -> None:
    assert stitching_for(RetentionMode.DEFAULT, switch) is Stitching.CHECKED
