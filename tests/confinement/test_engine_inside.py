"""The engine's libraries work behind the wall, whether or not they worked before (design of the wall)."""

from __future__ import annotations

import pytest

from tests.confinement import runs

pytestmark = pytest.mark.confinement

_PARTS = {"espeak_en-us", "espeak_en-gb-scotland", "espeak_de", "espeak_fr", "espeak_cmn"} | {
    "mp3",
    "opus",
    "mulaw",
    "alaw",
    "wav",
}


def _environment() -> dict[str, str]:
    return runs.process_environment() | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_engine_speaks_and_encodes_behind_the_wall(start: str) -> None:
    answer = runs.run("engine_inside.py", start, environment=_environment())
    assert answer["missing"] == []
    assert answer["made"].keys() == _PARTS
    assert all(made > 1000 for made in answer["made"].values())


def test_warmed_engine_imports_nothing_behind_the_wall() -> None:
    answer = runs.run("engine_inside.py", "warm", environment=_environment())
    assert answer["late"] == []
