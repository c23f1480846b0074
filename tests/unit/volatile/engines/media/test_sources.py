"""Bytes as a demuxer reads them."""

from __future__ import annotations

import os

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.media.sources import HeldFile, Source, has_index_first, skip_id3
from tests.unit.volatile.engines.media.conftest import BytesReader

pytestmark = pytest.mark.unit

DATA = os.urandom(700_000)


def source_of(data: bytes, piece_bytes: int = 10_000) -> Source:
    return Source(BytesReader(data, piece_bytes))


def box(name: bytes, content: bytes = b"") -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def test_looking_ahead_takes_nothing() -> None:
    source = source_of(DATA)
    assert source.peek(25_000) == DATA[:25_000]
    assert source.peek(10) == DATA[:10]
    source.skip(5)
    read = b""
    while piece := source.read(7_777):
        assert len(piece) <= 7_777
        read += piece
    assert read == DATA[5:]
    assert source.is_ended


def test_a_look_beyond_the_end_gives_what_there_is() -> None:
    assert source_of(b"abc").peek(10) == b"abc"


class _Broken:
    def read(self, bytes_max: int) -> bytes:
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a reader that fails")


def test_the_failure_of_a_reader_is_remembered_for_whoever_reads_through_a_library() -> None:
    source = Source(_Broken())
    with pytest.raises(EcholessError) as failed:
        source.read(10)
    assert source.failure is failed.value


def test_a_held_file_reads_and_seeks_like_a_file() -> None:
    held = HeldFile(source_of(DATA), len(DATA))
    assert (held.seek(0, os.SEEK_END), held.read(10)) == (len(DATA), b"")
    assert (held.seek(-100, os.SEEK_CUR), held.tell()) == (len(DATA) - 100, len(DATA) - 100)
    assert held.read(1000) == DATA[-100:]
    assert held.seek(10**9) == len(DATA)
    assert held.seek(262_100) == 262_100
    read = b""
    while piece := held.read(50_000):
        read += piece
    assert read == DATA[262_100:]


def test_a_file_over_the_bound_is_refused_and_nothing_of_it_is_held() -> None:
    with pytest.raises(EcholessError) as refused:
        HeldFile(source_of(DATA), len(DATA) - 1)
    assert refused.value.code is ErrorCode.FILE_TOO_LARGE


def test_a_held_file_is_overwritten_when_it_is_closed() -> None:
    held = HeldFile(source_of(DATA), len(DATA))
    pieces = list(held._pieces)
    held.close()
    assert all(not any(piece) for piece in pieces)
    assert held.read(10) == b""


@pytest.mark.parametrize(
    ("data", "is_first"),
    [
        (box(b"ftyp", b"isom") + box(b"moov") + box(b"mdat"), True),
        (box(b"ftyp", b"isom") + box(b"free", bytes(50_000)) + box(b"moov"), True),
        (box(b"ftyp", b"isom") + box(b"mdat", bytes(99)) + box(b"moov"), False),
        (box(b"ftyp", b"isom") + b"\0\0\0\1wide" + (16 + 40).to_bytes(8, "big") + bytes(40) + box(b"mdat"), False),
        (box(b"ftyp", b"isom") + box(b"free", bytes(2_000_000)) + box(b"moov"), False),
        (box(b"ftyp", b"isom"), True),
        (b"\0\0\0\3ftyp", True),
    ],
)
def test_where_the_index_of_an_mp4_file_stands_is_seen_in_its_boxes(data: bytes, is_first: bool) -> None:
    source = source_of(data)
    assert has_index_first(source) is is_first
    assert source.read(8) == data[:8]


def test_fragments_without_an_index_are_refused() -> None:
    with pytest.raises(EcholessError) as refused:
        has_index_first(source_of(box(b"styp", b"msdh") + box(b"moof", bytes(99))))
    assert refused.value.code is ErrorCode.INVALID_AUDIO


@pytest.mark.parametrize("has_footer", [False, True])
def test_tags_are_left_out_one_after_another(has_footer: bool) -> None:
    size = bytes(300 >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = b"ID3\x04\x00" + (b"\x10" if has_footer else b"\0") + size + bytes(310 if has_footer else 300)
    source = source_of(tag + tag + b"the sound")
    skip_id3(source)
    assert source.read(100) == b"the sound"


def test_a_tag_that_is_cut_off_ends_the_recording() -> None:
    source = source_of(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fabc")
    skip_id3(source)
    assert source.read(100) == b""
