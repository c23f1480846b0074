"""A build is known by its files: the same ones, the same hash; one changed byte, another (C58)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from echoless.core import build
from echoless.core.build import build_hash

pytestmark = pytest.mark.unit


@pytest.fixture
def package(tmp_path: Path) -> Path:
    place = tmp_path / "package"
    (place / "inner").mkdir(parents=True)
    (place / "a.py").write_text("a")
    (place / "inner" / "data.bin").write_bytes(b"\x00\x01")
    return place


def test_a_copy_has_the_same_hash_and_what_the_interpreter_adds_changes_nothing(
    package: Path, tmp_path: Path
) -> None:
    before = build_hash(package)
    copied = Path(shutil.copytree(package, tmp_path / "elsewhere"))
    (copied / "__pycache__").mkdir()
    (copied / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"x")
    assert build_hash(copied) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda place: (place / "a.py").write_text("b"),
        lambda place: (place / "b.py").write_text(""),
        lambda place: (place / "a.py").rename(place / "c.py"),
        lambda place: (place / "inner" / "data.bin").unlink(),
        lambda place: (place / "inner" / "data.bin").rename(place / "data.bin"),
    ],
)
def test_any_change_is_another_build(package: Path, change: Callable[[Path], object]) -> None:
    before = build_hash(package)
    change(package)
    assert build_hash(package) != before


def test_this_very_package_is_hashed_alike_in_every_process() -> None:
    code = "from echoless.core.build import build_hash; print(build_hash())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == build_hash()
    assert build._PACKAGE.name == "echoless"
