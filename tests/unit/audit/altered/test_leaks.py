"""Every planted leak fits the program as it is. (C60)"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

import echoless
from echoless.audit.altered.alteration import apply
from echoless.audit.altered.leaks import BUILDS, Leak, LeakyBuild

pytestmark = pytest.mark.unit

_LEAKS = [(build, leak) for build in BUILDS for leak in build.leaks]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert echoless.__file__ is not None
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(
        shutil.copytree(Path(echoless.__file__).parent, tmp_path_factory.mktemp("program") / "a", ignore=ignored)
    )


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.name)
def test_the_leaks_of_a_build_fit_the_program_together(build: LeakyBuild, original: Path, tmp_path: Path) -> None:
    alterations = build.alterations(build.leaks)
    package = shutil.copytree(original, tmp_path / "package")
    apply(package, alterations)
    for path in {alteration.path for alteration in alterations}:
        ast.parse((package / path).read_text(encoding="utf-8"), path)


@pytest.mark.parametrize(("build", "leak"), _LEAKS, ids=[leak.sink for _, leak in _LEAKS])
def test_a_leak_changes_something_and_names_its_place(build: LeakyBuild, leak: Leak) -> None:
    assert len(build.alterations([leak])) > len(build.alterations([])) or leak.spill
    assert re.compile(leak.place).search("") is None, "a pattern that fits everything finds nothing"


def test_no_two_leaks_have_the_same_name() -> None:
    names = [leak.sink for _, leak in _LEAKS]
    assert len(set(names)) == len(names)
