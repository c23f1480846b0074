"""The scan of files reads them raw and knows its bounds."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search import disk_scan
from echoless.audit.search.disk_scan import (
    DiskScan,
    fingerprint_shared_places,
    scan_directory,
    scan_files,
    scan_shared_places,
)
from echoless.audit.search.needles import Needle, audio_needles, text_needles

pytestmark = pytest.mark.unit


@pytest.fixture
def canary() -> Canary:
    return CanaryMint(seed=30).plain("it", 300, is_kept=False)


def test_a_word_in_a_file_is_found(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "file").write_bytes(b"x" * 5000 + canary.words[3].encode("utf-16-le"))
    scan = scan_directory(tmp_path, text_needles([canary]))
    assert [(hit.kind, hit.owner, hit.offset) for hit in scan.hits] == [("utf-16", "it", 5000)]
    assert scan.file_count == 1


def test_a_word_across_two_blocks_is_found_once(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_scan, "_BLOCK_BYTES", 1024)
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1020 + canary.words[0].encode() + b"x" * 4000)
    assert len(scan_files([path], text_needles([canary])).hits) == 1


def test_a_file_name_is_searched(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / f"upload-{canary.words[0]}.tmp").touch()
    assert scan_directory(tmp_path, text_needles([canary])).owners() == {"it"}


def test_a_deleted_row_of_a_database_is_found(tmp_path: Path, canary: Canary) -> None:
    database = sqlite3.connect(tmp_path / "rows.sqlite")
    database.execute("PRAGMA secure_delete = OFF")
    database.execute("CREATE TABLE said (text TEXT)")
    database.execute("INSERT INTO said VALUES (?)", (canary.text,))
    database.commit()
    database.execute("DELETE FROM said")
    database.commit()
    database.close()
    assert scan_directory(tmp_path, text_needles([canary])).owners() == {"it"}


def test_shared_places_are_searched_for_what_is_new(tmp_path: Path, canary: Canary) -> None:
    now_s = time.time()
    (tmp_path / "file").write_bytes(canary.words[0].encode())
    needles = text_needles([canary])
    found = scan_shared_places(needles, before={}, changed_since_unix_s=now_s - 60, places=(tmp_path,))
    assert found.owners() == {"it"}
    # A changed time cannot be set back, so "since" lies in the future of the old file's change.
    old = scan_shared_places(needles, before={}, changed_since_unix_s=now_s + 60, places=(tmp_path,))
    assert old.file_count == 0


def test_a_few_plain_words_accuse_nobody_in_a_shared_place_and_a_sentence_does(tmp_path: Path) -> None:
    """Other programs write prose there while the audit runs: two words of it in a row are no copy of ours."""
    few, sentence = "the government", "the government of washington and the university"
    speech = Canary("it/heard", False, sentence, (few, sentence), telling_letters_min=32)
    needles = text_needles([speech])
    (tmp_path / "a").write_text(f"a text of another program about {few} of a country")
    assert scan_directory(tmp_path, needles).owners() == {"it/heard"}
    scan = _shared(tmp_path, needles)
    assert (scan.file_count, scan.hits) == (1, ())
    (tmp_path / "b").write_text(f"heard: {sentence}.")
    assert {Path(hit.path).name for hit in _shared(tmp_path, needles).hits} == {"b"}


def test_windows_of_a_sound_accuse_in_a_shared_place_where_there_are_several(tmp_path: Path) -> None:
    """The same voice makes the same sound for whoever else asks it: one window is no copy, a whole sound is."""
    sound = random.Random(1).randbytes(4_000)
    needles = [replace(needle, tells_alone=False) for needle in audio_needles(sound, "it/audio", "pcm_16000")]
    other = random.Random(2).randbytes(4_000)
    (tmp_path / "other").write_bytes(other[:1_000] + sound[2_000:2_100] + other[1_000:])
    assert scan_directory(tmp_path, needles).owners() == {"it/audio"}
    assert _shared(tmp_path, needles).hits == ()
    (tmp_path / "copy").write_bytes(sound[1_000:])
    assert {Path(hit.path).name for hit in _shared(tmp_path, needles).hits} == {"copy"}


def _shared(place: Path, needles: Sequence[Needle]) -> DiskScan:
    return scan_shared_places(needles, before={}, changed_since_unix_s=time.time() - 60, places=(place,))


def test_an_old_file_with_new_bytes_is_searched_and_one_with_the_same_is_not(
    tmp_path: Path, canary: Canary
) -> None:
    """What is written through a mapping does not always move a file's time; what was there before tells nothing."""
    word = canary.words[0].encode()
    (tmp_path / "same").write_bytes(word)
    (tmp_path / "changed").write_bytes(b"x" * 100)
    before = fingerprint_shared_places((tmp_path,))
    (tmp_path / "changed").write_bytes(word)
    scan = scan_shared_places(
        text_needles([canary]), before=before, changed_since_unix_s=time.time() + 60, places=(tmp_path,)
    )
    assert [Path(hit.path).name for hit in scan.hits] == ["changed"]


def test_large_old_files_are_not_fingerprinted(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_scan, "_OLD_FILE_BYTES_MAX", 10)
    (tmp_path / "small").write_bytes(b"x" * 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    assert set(fingerprint_shared_places((tmp_path,))) == {tmp_path / "small"}


def test_what_was_left_out_is_named(tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_scan, "_SHARED_FILE_BYTES_MAX", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    scan = scan_shared_places(text_needles([canary]), before={}, changed_since_unix_s=0, places=(tmp_path,))
    assert scan.skipped == (str(tmp_path / "large"),)


def test_nothing_hides_behind_files_that_fill_the_bound(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C16: many bytes of other programs come last, and names are searched all the same."""
    monkeypatch.setattr(disk_scan, "_SHARED_BYTES_MAX", 5_000)
    for number in range(4):
        (tmp_path / f"{number}").write_bytes(bytes(4_000))
    word = canary.words[0]
    (tmp_path / "z").write_bytes(word.encode())
    (tmp_path / f"zz-{word}").write_bytes(bytes(9_000))
    scan = _shared(tmp_path, text_needles([canary]))
    assert {hit.path for hit in scan.hits} == {str(tmp_path / "z"), "(a file name)"}
    assert {Path(path).name for path in scan.skipped} == {"2", "3", f"zz-{word}"}


def test_an_excluded_directory_is_left_to_others(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_bytes(canary.words[0].encode())
    scan = scan_shared_places(
        text_needles([canary]), before={}, changed_since_unix_s=0, excluded=(tmp_path / "mine",), places=(tmp_path,)
    )
    assert scan.hits == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_data_directory_is_searched_whole_or_not_at_all(tmp_path: Path, canary: Canary) -> None:
    (tmp_path / "file").touch(mode=0o000)
    with pytest.raises(PermissionError):
        scan_directory(tmp_path, text_needles([canary]))
