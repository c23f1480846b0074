"""What was compressed before it was written is found, and what only looks compressed harms nobody. (C16)"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.disk_scan import scan_directory
from echoless.audit.search.needles import text_needles
from echoless.audit.search.packed import PLAIN_BYTES_MAX, unpacked

pytestmark = pytest.mark.unit

CANARY = CanaryMint(seed=16).plain("zero/text", 40, is_kept=False)
PACKERS: tuple[Callable[[bytes], bytes], ...] = (gzip.compress, zlib.compress, bz2.compress, lzma.compress)


@pytest.mark.parametrize("pack", PACKERS)
def test_a_compressed_word_is_found_in_a_file(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(CANARY.text.encode() * 3)
    assert CANARY.words[0].encode() not in packed
    (tmp_path / "cache").write_bytes(b"before" * 100 + packed + b"after" * 100)
    (hit, *_) = scan_directory(tmp_path, text_needles([CANARY])).hits
    assert (Path(hit.path).name, hit.owner, hit.kind) == ("cache", "zero/text", "utf-8, packed")


def test_noise_and_what_is_cut_off_are_no_streams(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1_000_000)
    (tmp_path / "noise").write_bytes(noise + gzip.compress(b"x" * 1_000)[:12] + b"BZh" + b"\xfd7zXZ\x00")
    assert not scan_directory(tmp_path, text_needles([CANARY])).hits


def test_of_a_bomb_only_the_beginning_is_opened() -> None:
    ((place, plain),) = unpacked(b"--" + gzip.compress(bytes(50_000_000)))
    assert (place, len(plain)) == (2, PLAIN_BYTES_MAX)
