"""A change fits exactly one place, or nothing is built. (C60)"""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.audit.altered.alteration import Addition, Alteration, Change, apply
from echoless.core.errors import EcholessError, ErrorCode

pytestmark = pytest.mark.unit


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text("one = 1\ntwo = 2\ntwo = 2\n", encoding="utf-8")
    return tmp_path


def test_a_change_replaces_the_one_place_that_it_fits(package: Path) -> None:
    apply(package, [Change("a.py", "one = 1", "one = 11"), Addition("b.py", "new = True\n")])
    assert (package / "a.py").read_text() == "one = 11\ntwo = 2\ntwo = 2\n"
    assert (package / "b.py").read_text() == "new = True\n"


@pytest.mark.parametrize(
    ("alteration", "reason"),
    [
        (Change("a.py", "three", "four"), "0 times"),
        (Change("a.py", "two", "four"), "2 times"),
        (Change("a.py", "one", "one"), "stay as it is"),
        (Change("gone.py", "one", "two"), "is not there"),
        (Addition("a.py", "new = True\n"), "there already"),
    ],
)
def test_a_change_that_does_not_fit_fails_loudly(package: Path, alteration: Alteration, reason: str) -> None:
    with pytest.raises(EcholessError) as caught:
        apply(package, [alteration])
    assert caught.value.code is ErrorCode.CONFIGURATION
    assert reason in caught.value.public_description
    assert (package / "a.py").read_text() == "one = 1\ntwo = 2\ntwo = 2\n"
