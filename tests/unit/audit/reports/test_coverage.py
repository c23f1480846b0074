"""What an audit showed of a numbered check is no more than what its own checks said."""

from __future__ import annotations

import pytest

from echoless.audit.reports.coverage import Covered, Standing, coverage
from echoless.audit.reports.report import Check

pytestmark = pytest.mark.unit


def _of(number: int, *checks: Check) -> Covered:
    return coverage(checks)[number - 1]


def test_a_number_passes_only_with_all_that_stand_for_it() -> None:
    good, bad = Check("memory", True, "", ("C32",)), Check("sockets", False, "", ("C32", "C33"))
    assert _of(32, good).standing is Standing.PASSED
    assert _of(32, good, bad).standing is Standing.FAILED
    assert _of(32, good, bad).names == ("memory", "sockets")
    assert _of(33, good, bad).standing is Standing.FAILED


def test_what_this_audit_did_not_run_is_not_called_passed() -> None:
    assert _of(55).standing is Standing.BY_TESTS
    assert _of(55).names == ()
    assert not any(covered.standing is Standing.PASSED for covered in coverage(()))


def test_every_number_has_its_line() -> None:
    assert len(coverage(())) == 62
