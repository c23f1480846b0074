"""What a recording is, found in its first bytes and never in its name.

A kind names the one demuxer that may open it. Nothing is tried in turn, and no playlist, image or script is known
here: those would have the library open other things.
source: the signatures of each format: RFC 3533 (Ogg), RFC 9559 (Matroska), RFC 9639 (FLAC), ISO/IEC 14496-12 (MP4),
ISO/IEC 11172-3 and 13818-7 (MPEG audio, ADTS), RFC 4867 (AMR), EBU Tech 3306 (RF64)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SNIFFED_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class MediaKind:
    """One kind of container.

    demuxer:    FFmpeg's name
    media_type: what a file of it is called on the wire
    """

    demuxer: str
    media_type: str


RAW: Final = MediaKind("", "audio/pcm")
MP4: Final = MediaKind("mov", "video/mp4")
MP3: Final = MediaKind("mp3", "audio/mpeg")
ADTS: Final = MediaKind("aac", "audio/aac")
_M4A: Final = MediaKind("mov", "audio/mp4")
_QUICKTIME: Final = MediaKind("mov", "video/quicktime")
_3GPP: Final = MediaKind("mov", "video/3gpp")
_WEBM: Final = MediaKind("matroska", "video/webm")
_MATROSKA: Final = MediaKind("matroska", "video/x-matroska")
_WAV: Final = MediaKind("wav", "audio/wav")

_SIGNATURES: Final = (
    (b"OggS", MediaKind("ogg", "audio/ogg")),
    (b"fLaC", MediaKind("flac", "audio/flac")),
    (b"#!AMR", MediaKind("amr", "audio/amr")),
    (b".snd", MediaKind("au", "audio/basic")),
    (b"caff", MediaKind("caf", "audio/x-caf")),
    (b"FLV\x01", MediaKind("flv", "video/x-flv")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", MediaKind("asf", "video/x-ms-asf")),
    (b"\x00\x00\x01\xba", MediaKind("mpeg", "video/mpeg")),
    (b"RF64", _WAV),
    (b"riff\x2e\x91\xcf\x11", MediaKind("w64", "audio/wav")),
)
_RIFF: Final = {b"WAVE": _WAV, b"AVI ": MediaKind("avi", "video/x-msvideo")}
_UNKNOWN_SIZE_BYTES: Final = 0x7FFF_0000
_AIFF: Final = dict.fromkeys((b"AIFF", b"AIFC"), MediaKind("aiff", "audio/aiff"))
_BRANDS: Final = {b"M4A ": _M4A, b"M4B ": _M4A, b"qt  ": _QUICKTIME, b"3gp4": _3GPP, b"3gp5": _3GPP, b"3gp6": _3GPP}
# Boxes that may stand first in a file without a type box. source: Apple's QuickTime File Format
_OLD_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_TS_PACKET_BYTES: Final = 188
_TS_SYNC: Final = 0x47


def sniff(head: bytes) -> MediaKind | None:
    """Return the kind of a recording, or None for what is no audio that can be decoded here.

    head: its first bytes, SNIFFED_BYTES of them where there are so many; without a tag of the ID3 kind
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    return _chunked(head) or _boxed(head) or _transport_stream(head) or _mpeg_audio(head)


def stated_wav_s(head: bytes) -> float | None:
    """Return how long a WAVE file says that it is; None for another kind, and for one that was written as a stream.

    head: its first bytes
    """
    layout, data = head.find(b"fmt "), head.find(b"data")
    if not head.startswith(b"RIFF") or min(layout, data) < 0 or len(head) < max(layout + 20, data + 8):
        return None
    bytes_per_second = int.from_bytes(head[layout + 16 : layout + 20], "little")
    size_bytes = int.from_bytes(head[data + 4 : data + 8], "little")
    # Whoever does not know the length yet writes the largest number that the field, or a signed one, can hold.
    if not bytes_per_second or size_bytes >= _UNKNOWN_SIZE_BYTES:
        return None
    return size_bytes / bytes_per_second


def _chunked(head: bytes) -> MediaKind | None:
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head.startswith(b"FORM"):
        return _AIFF.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _WEBM if b"webm" in head[:64] else _MATROSKA
    return None


def _boxed(head: bytes) -> MediaKind | None:
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], MP4)
    return _QUICKTIME if head[4:8] in _OLD_BOXES else None


def _transport_stream(head: bytes) -> MediaKind | None:
    starts = head[0 : 3 * _TS_PACKET_BYTES : _TS_PACKET_BYTES]
    if len(starts) == 3 and set(starts) == {_TS_SYNC}:
        return MediaKind("mpegts", "video/mp2t")
    return None


def _mpeg_audio(head: bytes) -> MediaKind | None:
    """Tell MPEG audio from ADTS by the first header that is followed by another one where it says."""
    at = 0
    while (at := head.find(b"\xff", at)) >= 0:
        header = head[at : at + 7]
        if (size := _mp3_frame_bytes(header)) and _follows(head, at, size):
            return MP3
        if (size := _adts_frame_bytes(header)) and _follows(head, at, size):
            return ADTS
        at += 1
    return None


def _follows(head: bytes, at: int, size: int) -> bool:
    """Say whether the next frame begins where this one ends; a head that ends before is believed at its start."""
    following = head[at + size : at + size + 2]
    if len(following) < 2:
        return at == 0
    # The first eleven bits, version, layer and protection stay the same throughout a stream.
    return following[0] == 0xFF and following[1] == head[at + 1]


# Kilobits a second by version (1, then 2 and 2.5) and layer. source: ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3
_KBPS: Final = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _mp3_frame_bytes(header: bytes) -> int:
    """Return the length of the frame that an MPEG audio header states, or 0 for what is none."""
    if len(header) < 4 or header[1] & 0xE0 != 0xE0:
        return 0
    version_bits, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate_index, bit_rate_index, padding = header[2] >> 2 & 3, header[2] >> 4, header[2] >> 1 & 1
    if version_bits == 1 or layer == 4 or rate_index == 3 or bit_rate_index in (0, 15):
        return 0
    version = 1 if version_bits == 3 else 2
    bits = 1000 * _KBPS[version, layer][bit_rate_index - 1]
    rate_hz = _RATES_HZ[version_bits][rate_index]
    if layer == 1:
        return (12 * bits // rate_hz + padding) * 4
    return (72 if layer == 3 and version == 2 else 144) * bits // rate_hz + padding


def _adts_frame_bytes(header: bytes) -> int:
    """Return the length of the frame that an ADTS header states, or 0 for what is none."""
    if len(header) < 7 or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return size if size > 7 else 0
