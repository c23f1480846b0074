"""Mappings name items once and checks that exist, and say that they are no certificate."""

from __future__ import annotations

import pytest

from echoless.audit.register.checks import CHECK_COUNT
from echoless.audit.register.mappings import NO_CERTIFICATE, catalogues

pytestmark = pytest.mark.unit


def test_the_five_catalogues_are_there() -> None:
    names = [catalogue.name for catalogue in catalogues()]
    for word in ("ASVS", "800-53", "164.312", "PCI DSS", "SOC 2"):
        assert sum(word in name for name in names) == 1, word


def test_each_item_is_named_once_and_speaks_of_checks_that_exist() -> None:
    for catalogue in catalogues():
        names = [item.item for item in catalogue.items]
        assert len(names) == len(set(names))
        for item in catalogue.items:
            assert item.checks, item.item
            assert set(item.checks) <= set(range(1, CHECK_COUNT + 1)), item.item
            assert item.says


def test_it_is_said_that_a_mapping_is_no_certificate() -> None:
    assert "no certificate" in NO_CERTIFICATE
