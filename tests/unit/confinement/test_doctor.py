"""The doctor's words for an operator. What it finds on a host is in tests/confinement."""

from __future__ import annotations

import pytest

from echoless.confinement.doctor import DoctorReport, RoleReport, fix_for
from echoless.confinement.facts import SandboxFacts
from echoless.confinement.profile import Role

pytestmark = pytest.mark.unit


def test_code_with_a_name_has_the_fix_of_its_kind() -> None:
    assert fix_for("channel_open:xattr") == fix_for("channel_open:bpf")


def test_unknown_code_has_no_fix() -> None:
    with pytest.raises(KeyError):
        fix_for("moon_phase")


def test_report_names_each_missing_property_once(good_facts: SandboxFacts) -> None:
    roles = (RoleReport(Role.GATEWAY, ("swap_on", "seccomp_absent"), ()), RoleReport(Role.VAULT, ("swap_on",), ()))
    report = DoctorReport(good_facts.host, good_facts.swap, 7, roles)
    assert report.missing == ("swap_on", "seccomp_absent")
