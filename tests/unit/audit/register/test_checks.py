"""The register has all numbers, each shown by something or with its reason."""

from __future__ import annotations

import pytest

from echoless.audit.register.checks import CHECK_COUNT, Runner, registered_checks

pytestmark = pytest.mark.unit


def test_every_number_is_there_once_and_in_order() -> None:
    assert [check.number for check in registered_checks()] == list(range(1, CHECK_COUNT + 1))


def test_every_check_is_run_or_proved_or_has_its_reason() -> None:
    for check in registered_checks():
        assert check.run_by or check.tests or check.reason, check.code
        assert check.says.endswith("."), check.code
        assert set(check.run_by) <= set(Runner)


def test_a_check_is_cited_by_its_letter_and_number() -> None:
    assert registered_checks()[15].code == "C16"
