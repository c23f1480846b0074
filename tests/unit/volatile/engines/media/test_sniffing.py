"""Recordings are known by their first bytes."""

from __future__ import annotations

import pytest

from echoless.volatile.engines.media.sniffing import SNIFFED_BYTES, MediaKind, sniff
from tests.unit.volatile.engines.media.conftest import recording, tone

pytestmark = pytest.mark.unit

_MADE = [
    ("wav", "pcm_s16le", "wav", "audio/wav"),
    ("w64", "pcm_s16le", "w64", "audio/wav"),
    ("mp3", "libmp3lame", "mp3", "audio/mpeg"),
    ("ipod", "aac", "mov", "audio/mp4"),
    ("mp4", "aac", "mov", "video/mp4"),
    ("mov", "pcm_s16le", "mov", "video/quicktime"),
    ("3gp", "aac", "mov", "video/3gpp"),
    ("ogg", "libopus", "ogg", "audio/ogg"),
    ("flac", "flac", "flac", "audio/flac"),
    ("webm", "libopus", "matroska", "video/webm"),
    ("matroska", "libopus", "matroska", "video/x-matroska"),
    ("adts", "aac", "aac", "audio/aac"),
    ("aiff", "pcm_s16be", "aiff", "audio/aiff"),
    ("au", "pcm_s16be", "au", "audio/basic"),
    ("caf", "pcm_s16be", "caf", "audio/x-caf"),
    ("flv", "aac", "flv", "video/x-flv"),
    ("asf", "wmav2", "asf", "video/x-ms-asf"),
    ("avi", "pcm_s16le", "avi", "video/x-msvideo"),
    ("mpegts", "aac", "mpegts", "video/mp2t"),
    ("vob", "mp2", "mpeg", "video/mpeg"),
]


@pytest.mark.parametrize(("container", "codec", "demuxer", "media_type"), _MADE, ids=[row[0] for row in _MADE])
def test_each_kind_of_container_is_known_by_its_first_bytes(
    container: str, codec: str, demuxer: str, media_type: str
) -> None:
    """Contract, README section 6: input may be any container; clients say nothing true of it."""
    rate_hz = 44_100 if container == "flv" else 48_000
    data = recording(container, codec, tone(0.5, rate_hz), rate_hz)
    assert sniff(data[:SNIFFED_BYTES]) == MediaKind(demuxer, media_type)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["mp3", "mp2", "adts"])
def test_mpeg_audio_is_told_from_adts_by_headers_that_follow_each_other(kind: str, rate_hz: int) -> None:
    if kind == "mp2" and rate_hz == 8_000:
        pytest.skip("MPEG layer 2 has no such rate")
    codec, demuxer = {"mp3": ("libmp3lame", "mp3"), "mp2": ("mp2", "mp3"), "adts": ("aac", "aac")}[kind]
    data = recording(kind, codec, tone(0.6, rate_hz), rate_hz, {"write_xing": "0"} if kind == "mp3" else None)
    start = data.find(b"\xff")
    for junk in (b"", b"\0" * 700, b"\xff\xfb\x90\x00 not a frame"):
        found = sniff((junk + data[start:])[:SNIFFED_BYTES])
        assert found is not None
        assert found.demuxer == demuxer


@pytest.mark.parametrize(
    "head",
    [b"", b"\0" * 4096, b"hello world " * 300, b"\x89PNG\r\n\x1a\n" + bytes(100), b"\xff\xd8\xff\xe0" + bytes(4000),
     b"#EXTM3U\nhttp://example.org/a.ts\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b"GIF89a" + bytes(50),
     b"<?xml version='1.0'?><MPD/>", b"%PDF-1.7", b"RIFF\x10\0\0\0WEBPVP8 ", b"FORM\0\0\0\x10ILBM", b"PK\x03\x04"],
)  # fmt: skip
def test_playlists_pictures_and_texts_are_no_recordings(head: bytes) -> None:
    assert sniff(head) is None
