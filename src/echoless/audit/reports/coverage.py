"""What one audit showed of each numbered check: passed, failed, or not run here, with what else proves it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from echoless.audit.register.checks import RegisteredCheck, registered_checks
from echoless.audit.reports.report import Check


class Standing(StrEnum):
    """How a numbered check stands after an audit."""

    PASSED = "passed"
    FAILED = "failed"
    BY_TESTS = "by tests"
    NOT_HERE = "not in this audit"
    NOT_APPLICABLE = "does not apply"


@dataclass(frozen=True, slots=True)
class Covered:
    """One numbered check after an audit.

    names: of the checks of this audit that stand for it
    """

    check: RegisteredCheck
    standing: Standing
    names: tuple[str, ...]


def coverage(checks: Iterable[Check]) -> tuple[Covered, ...]:
    """Say of every numbered check what this audit showed.

    checks: what the audit noted, each with the numbers that it stands for
    """
    by_code: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        for code in check.proves:
            by_code[code].append(check)
    return tuple(_covered(registered, by_code.get(registered.code, [])) for registered in registered_checks())


def _covered(registered: RegisteredCheck, found: list[Check]) -> Covered:
    names = tuple(dict.fromkeys(check.name for check in found))
    if any(not check.is_passed for check in found):
        standing = Standing.FAILED
    elif found:
        standing = Standing.PASSED
    elif registered.tests:
        standing = Standing.BY_TESTS
    else:
        standing = Standing.NOT_HERE if registered.run_by else Standing.NOT_APPLICABLE
    return Covered(registered, standing, names)
