"""A laboratory has parts with names."""

from __future__ import annotations

import pytest

from echoless.audit.lab import LAB_PARTS, run_lab
from echoless.audit.options import AuditOptions
from echoless.cli.operator_door import ask_running
from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


def test_a_part_that_there_is_not_is_refused_before_anything_is_started() -> None:
    with pytest.raises(EcholessError) as refusal:
        run_lab(AuditOptions(ask_running, parts=("crashes", "earthquakes")))
    assert refusal.value.code is ErrorCode.INVALID_PARAMETERS
    assert all(name in refusal.value.public_description for name in LAB_PARTS)
