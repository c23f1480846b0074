"""Steps have the times at which they said something of themselves."""

from __future__ import annotations

import pytest

from echoless.audit.reports.report import TimedStep
from echoless.audit.reports.timeline import Timeline

pytestmark = pytest.mark.unit


def test_steps_are_timed_and_passed_on() -> None:
    now, shown = [100.0], []
    timeline = Timeline(lambda name, fraction: shown.append((name, fraction)), lambda: now[0])
    for at_s, name, fraction in ((1.0, "planting", 0.0), (3.0, "planting", 1.0), (4.0, "files", 0.0)):
        now[0] = 100.0 + at_s
        timeline.step(name, fraction)
    now[0] = 109.0
    assert timeline.steps() == [TimedStep("planting", 1.0, 3.0), TimedStep("files", 4.0, 9.0)]
    assert shown == [("planting", 0.0), ("planting", 1.0), ("files", 0.0)]


def test_an_audit_without_steps_has_none() -> None:
    assert Timeline(lambda _name, _fraction: None, lambda: 0.0).steps() == []
