"""A host without libseccomp is told apart, not crashed on."""

from __future__ import annotations

import ctypes
from typing import NoReturn

import pytest

from echoless.confinement.seccomp import load_library

pytestmark = pytest.mark.unit


def test_missing_library_is_a_fact_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_name: str) -> NoReturn:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", absent)
    assert load_library() is None
