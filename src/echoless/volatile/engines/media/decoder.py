"""Decoding by FFmpeg, through PyAV: bytes in, samples of all channels out, in the rate of the recording.

The demuxer is the one that the first bytes call for, the decoders are those of a list; a recording that names
another file to open gets nothing. Everything runs on this thread, and a recording is never in memory as a whole
unless its container asks for it.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Final, NoReturn

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard
from numpy.typing import NDArray

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.media.sniffing import MP4, SNIFFED_BYTES, MediaKind, sniff, stated_wav_s
from echoless.volatile.engines.media.sources import HeldFile, Source, has_index_first, skip_id3

CHANNELS_MAX: Final = 64
_RATE_HZ_MIN: Final = 1_000
_RATE_HZ_MAX: Final = 768_000
# A recording that is damaged here and there is read on; one that is nothing but damage is not.
_BAD_PACKETS_MAX: Final = 500
_PLANES_MAX: Final = 8
_READ_BYTES: Final = 32 * 1024
_DECODER_NAMES: Final = """
aac aac_latm ac3 adpcm_ima_qt adpcm_ima_wav adpcm_ms alac amrnb amrwb libopencore_amrnb libopencore_amrwb eac3 flac
g722 g726 gsm gsm_ms libopus mp1 mp1float mp2 mp2float mp3 mp3float opus pcm_alaw pcm_f32be pcm_f32le pcm_f64be
pcm_f64le pcm_mulaw pcm_s16be pcm_s16be_planar pcm_s16le pcm_s16le_planar pcm_s24be pcm_s24le pcm_s32be pcm_s32le
pcm_s8 pcm_u8 speex vorbis wmapro wmav1 wmav2
"""
_DECODERS: Final = frozenset(_DECODER_NAMES.split())
_OPTIONS: Final = {
    # Nothing else is opened, whatever a container names.
    "protocol_whitelist": "none",
    # While it looks at the streams the library decodes some of each; pictures are not for us.
    "codec_whitelist": ",".join(sorted(_DECODERS)),
    "probesize": str(1024 * 1024),
    "analyzeduration": "5000000",
    "max_streams": "64",
}
_SCALES: Final = {"u8": 128.0, "s16": 32_768.0, "s32": 2_147_483_648.0, "flt": 1.0, "dbl": 1.0}

Samples = NDArray[np.float32]
"""Shape (channels, samples), -1 to 1."""


def _invalid(text: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_AUDIO, text)


class Decoder:
    """One recording.

    held_bytes_max: how much of it may be held where its container must be read from its end
    raises:         EcholessError(INVALID_AUDIO, FILE_TOO_LARGE); whatever the source raises
    """

    def __init__(self, source: Source, held_bytes_max: int) -> None:
        self._source = source
        self._held: HeldFile | None = None
        self._container: InputContainer | None = None
        skip_id3(source)
        head = source.peek(SNIFFED_BYTES)
        kind = sniff(head)
        if kind is None:
            raise _invalid("no audio that can be decoded here")
        self._stated_s = stated_wav_s(head)
        self.kind: Final[MediaKind] = kind
        if kind.demuxer == MP4.demuxer and not has_index_first(source):
            self._held = HeldFile(source, held_bytes_max)

    def open(self) -> float | None:
        """Read the recording's header.

        returns: how long it says that it is, in seconds; None where it does not
        raises:  as above
        """
        with contextlib.suppress(av.FFmpegError):
            self._container = av.open(
                self._held or self._source, "r", format=self.kind.demuxer, container_options=_OPTIONS,
                metadata_errors="ignore", buffer_size=_READ_BYTES, io_open=_open_nothing,
            )  # fmt: skip
        if self._container is None:
            self._fail("its header cannot be read")
        duration = self._container.duration
        return duration / av.time_base if duration else self._stated_s

    def frames(self) -> Iterator[tuple[int, Samples]]:
        """Yield the rate and the samples of each frame of the first stream of sound.

        A recording that breaks off gives what it has; one that is broken in its middle is an error.
        """
        stream = self._stream()
        with closing(self._decoded(stream)) as decoded:
            for frame in decoded:
                rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
                if not _RATE_HZ_MIN <= rate_hz <= _RATE_HZ_MAX or not 0 < channels <= CHANNELS_MAX:
                    raise _invalid(f"{channels} channels at {rate_hz} Hz")
                yield rate_hz, _samples(frame, channels)

    def close(self) -> None:
        """Release FFmpeg's objects and what is held. May be called twice."""
        container, self._container = self._container, None
        if container is not None:
            container.close()
        if self._held is not None:
            self._held.close()
        # A container and its streams point at each other.
        del container
        gc.collect(0)

    # --- inner ---

    def _stream(self) -> AudioStream:
        assert self._container is not None, "a recording is opened first"
        for stream in self._container.streams:
            stream.discard = Discard.all
        sounds = self._container.streams.audio
        if not sounds:
            raise _invalid("no sound in it")
        stream = sounds[0]
        # There is no context for a coding that FFmpeg does not know, whatever the type stubs say.
        if getattr(stream.codec_context, "name", "") not in _DECODERS:
            raise _invalid("its sound is coded in a way that is not known here")
        stream.discard = Discard.default
        stream.codec_context.thread_count = 1
        return stream

    def _decoded(self, stream: AudioStream) -> Generator[AudioFrame]:
        """Yield the frames of each packet; packets that are damaged are left out."""
        bad_count = 0
        for packet in self._packets(stream):
            frames = _frames_of(stream, packet)
            bad_count = bad_count + 1 if frames is None else 0
            if bad_count > _BAD_PACKETS_MAX:
                raise _invalid("damaged throughout")
            yield from frames or ()

    def _packets(self, stream: AudioStream) -> Iterator[Packet[AudioStream] | None]:
        """Yield packets; the last is empty or None, and has the decoder give what it holds back.

        raises: EcholessError(INVALID_AUDIO) where the container is broken before the recording's end
        """
        assert self._container is not None, "a recording is opened first"
        packets = self._container.demux(stream)
        is_broken = False
        while not is_broken:
            packet = None
            try:
                packet = next(packets, None)
            except (av.FFmpegError, IndexError):
                # PyAV numbers the streams when it opens a container; a damaged one may number them anew.
                is_broken = True
            if packet is not None:
                yield packet
            elif not is_broken:
                break
        if self._source.failure is not None:
            raise self._source.failure
        if is_broken and not self._source.is_ended:
            raise _invalid("its container is broken")
        if is_broken:
            yield None

    def _fail(self, text: str) -> NoReturn:
        """Raise what the source failed with, if it did: a library below may have taken it for a bad file."""
        if self._source.failure is not None:
            raise self._source.failure
        raise _invalid(text)


def _open_nothing(_url: str, _flags: int, _options: object) -> NoReturn:
    """Refuse a container that names another file."""
    raise _invalid("a recording that names another file")


def _frames_of(stream: AudioStream, packet: Packet[AudioStream] | None) -> list[AudioFrame] | None:
    """Return what a packet holds, or None where it is damaged."""
    try:
        return stream.decode(packet)
    except av.FFmpegError:
        return None


def _readable(frame: AudioFrame, channel_count: int) -> AudioFrame:
    """Return a frame whose planes PyAV can count.

    It counts them up to the first one that is missing, and of eight or more none is: it would read beyond them.
    """
    if not frame.format.is_planar or channel_count < _PLANES_MAX:
        return frame
    interleaved = [*AudioResampler(format="flt", layout=frame.layout, rate=frame.sample_rate).resample(frame)]
    if len(interleaved) != 1:
        raise _invalid(f"{channel_count} channels in one frame")
    return interleaved[0]


def _samples(original: AudioFrame, channel_count: int) -> Samples:
    """Return a frame's samples from -1 to 1, shape (channels, samples)."""
    frame = _readable(original, channel_count)
    taken = frame.to_ndarray()
    shaped = taken if frame.format.is_planar else taken.reshape(-1, channel_count).T
    samples = np.ascontiguousarray(shaped, dtype=np.float32)
    name = frame.format.name.removesuffix("p")
    if name == "u8":
        samples -= _SCALES[name]
    if _SCALES[name] != 1.0:
        samples /= np.float32(_SCALES[name])
    if not np.may_share_memory(samples, taken):
        taken.fill(0)
    return samples
