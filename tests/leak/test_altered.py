"""The audit finds what it is for: planted leaks at their places, and protections that are switched off (C60)."""

from __future__ import annotations

import os

import pytest

from echoless.audit.altered.leaks import KEEPING, UNWALLED, WALLED
from echoless.audit.altered.mutations import MUTATIONS
from echoless.audit.altered.proving import prove_leaks, prove_mutations
from echoless.audit.options import AuditOptions
from echoless.audit.reports.document import document_of
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import check_sealed
from echoless.cli.operator_door import ask_running
from echoless.core.build import build_hash

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z39")]

# The rest is for `echoless audit --mutations`, which takes minutes: a layer, and what no layer knows of itself.
_TELLING = {"the filter of system calls is built"}


def _missed(report: AuditReport) -> list[tuple[str, str]]:
    return [(check.name, check.detail) for check in report.checks if not check.is_passed]


@pytest.mark.timeout(900)
@pytest.mark.skipif(os.geteuid() != 0, reason="leaks around the wall, and who looks for them, need root")
def test_every_planted_leak_is_found_at_its_own_place() -> None:
    builds = (WALLED, UNWALLED, KEEPING)
    report = prove_leaks(AuditOptions(ask_running), builds)
    assert _missed(report) == []
    found = [check.name for check in report.checks if check.name.startswith("leak: ")]
    refused = [check.name for check in report.checks if check.name.startswith("not planted: ")]
    assert len(found) + len(refused) == sum(len(build.leaks) for build in builds)
    assert len(found) >= 20


@pytest.mark.timeout(600)
def test_the_audit_fails_once_a_protection_is_switched_off() -> None:
    chosen = [mutation for mutation in MUTATIONS if mutation.protection in _TELLING]
    assert len(chosen) == len(_TELLING)
    report = prove_mutations(AuditOptions(ask_running), chosen)
    assert _missed(report) == []
    assert len(report.checks) == len(chosen) + 1
    stated = check_sealed(document_of(report), None).audit.statement
    assert (stated.mode, stated.verdict, stated.build_hash) == ("mutations", "passed", build_hash())
