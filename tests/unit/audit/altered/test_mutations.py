"""Every mutation fits the program as it is. (C60)"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

import echoless
from echoless.audit.altered.alteration import apply
from echoless.audit.altered.mutations import MUTATIONS, Mutation
from echoless.audit.lab import LAB_PARTS
from echoless.audit.parts.catalogue import PARTS

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert echoless.__file__ is not None
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(
        shutil.copytree(Path(echoless.__file__).parent, tmp_path_factory.mktemp("program") / "a", ignore=ignored)
    )


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.protection)
def test_a_mutation_fits_the_program(mutation: Mutation, original: Path, tmp_path: Path) -> None:
    paths = {alteration.path for alteration in mutation.alterations}
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if (original / path).exists():
            shutil.copy(original / path, tmp_path / path)
    apply(tmp_path, mutation.alterations)
    for path in paths:
        ast.parse((tmp_path / path).read_text(encoding="utf-8"), path)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.protection)
def test_a_mutation_is_audited_by_parts_that_there_are(mutation: Mutation) -> None:
    assert mutation.parts
    assert set(mutation.parts) <= (set(LAB_PARTS) if mutation.is_lab else {part.name for part in PARTS})
    assert re.search(mutation.caught_by, "") is None, "a pattern that fits everything finds nothing"


def test_no_two_mutations_have_the_same_name() -> None:
    names = [mutation.protection for mutation in MUTATIONS]
    assert len(set(names)) == len(names)
