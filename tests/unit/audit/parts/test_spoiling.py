"""A byte is changed and nothing else; of the log those files are tried that the log still is."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.audit.parts.spoiling import flip, log_files

pytestmark = pytest.mark.unit


def test_one_bit_is_changed_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "object"
    path.write_bytes(b"abcdef")
    flip(path, 2)
    assert path.read_bytes() == b"abbdef"
    flip(path, 2)
    assert path.read_bytes() == b"abcdef"


def test_of_a_tile_that_is_not_full_only_the_newest_counts(tmp_path: Path) -> None:
    for name in ("tile/0/000", "tile/0/001.p/9", "tile/0/001.p/10", "tile/entries/000.p/2", "sequence"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    names = [str(path.relative_to(tmp_path)) for path in log_files(tmp_path)]
    assert names == ["checkpoint", "tile/0/000", "tile/0/001.p/10", "tile/entries/000.p/2"]
