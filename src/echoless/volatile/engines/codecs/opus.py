"""Opus in Ogg, by libopus and FFmpeg's muxer, into memory.

source: RFC 6716 (Opus), RFC 7845 (Opus in Ogg)
"""

from __future__ import annotations

import gc
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.frames import audio_frame
from echoless.volatile.engines.codecs.resampling import Resampler

# Short pages come early; each costs about 30 bytes. `bitexact` takes the stream's serial number from no clock or
# chance, so equal samples give equal files.
_MUXER: Final = {"page_duration": "100000", "flush_packets": "1", "fflags": "+bitexact"}
_BUFFER_BYTES: Final = 4096
# Left to itself libopus takes the rate for a hint and goes up to half over it with speech.
_CODEC: Final = {"vbr": "constrained"}


class _Memory:
    """What the muxer writes to. It hands on and keeps nothing."""

    name = "stream.ogg"

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> AudioContent:
        """Return what came since the last time."""
        parts, self._parts = self._parts, []
        return AudioContent(b"".join(parts))


class OpusEncoder:
    """An AudioEncoder to `opus_48000_*`."""

    # The header states the encoder's delay as pre-skip, and a decoder drops so many samples. source: RFC 7845, 4.2
    delay_s: Final = 0.0

    def __init__(self, audio_format: AudioFormat, input_rate_hz: int) -> None:
        self._rate_hz = audio_format.sample_rate_hz
        self._resampler = Resampler(input_rate_hz, self._rate_hz)
        self._sample_count = 0
        self._memory = _Memory()
        self._container: OutputContainer | None = av.open(
            self._memory, "w", format="ogg", options=_MUXER, buffer_size=_BUFFER_BYTES
        )
        stream = self._container.add_stream("libopus", rate=self._rate_hz, layout="mono", options=_CODEC)
        assert isinstance(stream, AudioStream)
        stream.bit_rate = audio_format.bit_rate_kbps * 1000
        self._stream: AudioStream | None = stream

    def encode(self, pcm: AudioContent) -> AudioContent:
        """Return the pages that are ready; the headers come with the first samples."""
        self._compress(self._resampler.convert(pcm))
        return self._memory.taken()

    def finish(self) -> AudioContent:
        """Return the last pages; the file is whole then."""
        self._compress(self._resampler.convert(AudioContent(b""), is_last=True))
        self.close()
        return self._memory.taken()

    def close(self) -> None:
        """End the file and release FFmpeg's objects. What that writes is dropped unless `finish` asked for it."""
        container, self._container = self._container, None
        stream, self._stream = self._stream, None
        if container is None:
            return
        if stream is not None and self._sample_count:
            for packet in stream.encode(None):
                container.mux(packet)
        container.close()
        self._resampler.close()
        # A container and its streams point at each other.
        del container, stream
        gc.collect(0)

    def _compress(self, pcm: AudioContent) -> None:
        assert self._stream is not None, "an encoder that is closed takes nothing"
        assert self._container is not None, "a stream without its container"
        if not len(pcm):
            return
        frame = audio_frame(pcm, self._rate_hz, self._sample_count)
        self._sample_count += len(pcm) // 2
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
