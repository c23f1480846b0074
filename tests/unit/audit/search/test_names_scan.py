"""Names, links and attributes are searched (C16, C20, T29): each is planted and must be found."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.names_scan import scan_names
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=41).plain("it", 300, is_kept=False)


def _found(tmp_path: Path, canary: Canary) -> list[str]:
    scan = scan_names([tmp_path], text_needles([canary]), place="names")
    return sorted({hit.where.removesuffix(f" in {tmp_path}").replace(f" in {tmp_path}", "") for hit in scan.hits})


def test_nothing_is_found_where_nothing_is(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "file").write_text(canary.text)
    assert _found(tmp_path, canary) == []


def test_names_of_files_folders_links_and_fifos_are_searched(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / f"a{canary.words[0]}").touch()
    (tmp_path / canary.words[1]).mkdir()
    (tmp_path / canary.words[1] / "inner").touch()
    os.mkfifo(tmp_path / canary.words[2])
    (tmp_path / "link").symlink_to(canary.words[3])
    scan = scan_names([tmp_path], text_needles([canary]), place="names")
    assert len(scan.hits) == 4
    assert not any(word in hit.where for hit in scan.hits for word in canary.words), "a place was told by a copy"
    assert _found(tmp_path, canary) == ["name of an entry", "target of a link"]


def test_names_and_values_of_attributes_are_searched(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "file").touch()
    os.setxattr(tmp_path / "file", f"user.{canary.words[0]}", b"1")
    os.setxattr(tmp_path, "user.of_the_folder", canary.words[1].encode())
    assert _found(tmp_path, canary) == ["extended attribute: name", "extended attribute: value"]


def test_what_belongs_to_the_searcher_is_left_out(tmp_path: Path, canary: Canary) -> None:
    own = tmp_path / "own"
    (own / canary.words[0]).mkdir(parents=True)
    assert scan_names([tmp_path], text_needles([canary]), place="", excluded=[own]).hits == ()


def test_old_attributes_of_foreign_files_are_not_read(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "file").touch()
    os.setxattr(tmp_path / "file", "user.a", canary.words[0].encode())
    needles = text_needles([canary])
    assert scan_names([tmp_path], needles, place="", changed_since_unix_s=time.time() + 5).hits == ()
    assert len(scan_names([tmp_path], needles, place="", changed_since_unix_s=time.time() - 60).hits) == 1
