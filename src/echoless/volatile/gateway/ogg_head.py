"""The first two pages of an Ogg stream, which say how the rest is decoded.

What is kept of one turn is a part of its socket's stream. In the formats that are a run of frames any part can be
played; in Ogg it needs these pages before it. They hold numbers only, nothing of what was said.
source: RFC 3533, section 6; RFC 7845, section 5
"""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS, Codec
from echoless.core.content import AudioContent

_MAGIC: Final = b"OggS"
_SEGMENT_COUNT_AT: Final = 26
_HEAD_PAGES: Final = 2
_HEAD_BYTES_MAX: Final = 4096


class OggHead:
    """Remembers the head of one stream. Of a format without one it remembers nothing."""

    def __init__(self, output_format: str) -> None:
        self._is_wanted = AUDIO_FORMATS[output_format].codec is Codec.OPUS
        self._head = b""

    def take(self, audio: AudioContent) -> AudioContent:
        """Take the next audio; return what a part needs that begins with it. The first part has it already."""
        if not self._is_wanted:
            return AudioContent(b"")
        if self._head:
            return AudioContent(self._head)
        self._head = _head_of(audio.reveal())
        return AudioContent(b"")


def _head_of(data: bytes) -> bytes:
    """Return the first pages, or nothing where they are not all there."""
    end = 0
    for _ in range(_HEAD_PAGES):
        table = end + _SEGMENT_COUNT_AT + 1
        if data[end : end + 4] != _MAGIC or len(data) < table:
            return b""
        segment_count = data[table - 1]
        end = table + segment_count + sum(data[table : table + segment_count])
        if end > min(len(data), _HEAD_BYTES_MAX):
            return b""
    return data[:end]
