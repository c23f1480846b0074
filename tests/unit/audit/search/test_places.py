"""What goes through the sieve is counted, and its copies are noted by place, never by what they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search import places
from echoless.audit.search.finder import Finder
from echoless.audit.search.needles import text_needles
from echoless.audit.search.places import PlaceHit, Sieve, reason_of

pytestmark = pytest.mark.unit


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=40).plain("it", 300, is_kept=False)


def test_a_copy_is_noted_with_its_place(canary: Canary) -> None:
    sieve = Sieve.of(text_needles([canary]))
    sieve.look("here", b"nothing")
    sieve.look("there", b"a" + canary.words[2].encode())
    scan = sieve.result("a place", "a kind")
    assert scan.hits == (PlaceHit("there", "utf-8", "it"),)
    assert (scan.item_count, scan.byte_count, scan.owners()) == (2, 20, {"it"})


def test_a_finder_serves_several_searches(canary: Canary) -> None:
    finder = Finder(text_needles([canary]))
    sieves = [Sieve.of(finder), Sieve.of(finder)]
    for sieve in sieves:
        sieve.look("here", canary.words[0].encode())
    assert [len(sieve.hits) for sieve in sieves] == [1, 1]


def test_a_word_across_two_blocks_of_a_file_is_found_once(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "BLOCK_BYTES", 1024)
    (tmp_path / "file").write_bytes(b"x" * 1020 + canary.words[0].encode() + b"x" * 4000)
    sieve = Sieve.of(text_needles([canary]))
    with (tmp_path / "file").open("rb") as file:
        sieve.look_into("file", file.fileno())
    assert len(sieve.hits) == 1
    assert sieve.byte_count == 1020 + 12 + 4000


def test_holes_are_passed_over_and_what_is_behind_them_is_found(tmp_path: Path, canary: Canary) -> None:
    with (tmp_path / "file").open("wb+") as file:
        file.truncate(1 << 40)
        os.pwrite(file.fileno(), canary.words[0].encode(), (1 << 39) + 100)
        sieve = Sieve.of(text_needles([canary]))
        sieve.look_into("file", file.fileno())
    assert len(sieve.hits) == 1
    assert sieve.byte_count < 1 << 30


def test_a_part_of_a_file_ends_where_it_ends(tmp_path: Path, canary: Canary) -> None:
    word = canary.words[0].encode()
    (tmp_path / "file").write_bytes(b"x" * 100 + word + b"x" * 100 + word)
    sieve = Sieve.of(text_needles([canary]))
    with (tmp_path / "file").open("rb") as file:
        sieve.look_into("file", file.fileno(), 50, 150)
    assert len(sieve.hits) == 1


def test_what_was_not_searched_is_said_without_a_path() -> None:
    sieve = Sieve.of(text_needles([CanaryMint(seed=1).plain("it", 20, is_kept=False)]))
    sieve.pass_over("a file", reason_of(PermissionError(13, "Permission denied", "/secret/name")))
    assert sieve.result("", "").unsearched == ("a file: Permission denied",)
