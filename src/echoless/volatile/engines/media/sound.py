"""A recording as jobs take it: decoded, mixed, at one rate, in blocks, within its bounds. (4)

The rate is changed by soxr in floating point, in a stream; nothing here grows with the length of the recording.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import InputFormat
from echoless.volatile.engines.media.decoder import Decoder, Samples
from echoless.volatile.engines.media.sniffing import RAW, MediaKind
from echoless.volatile.engines.media.sources import ByteReader, Source
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

AUDIO_MS_MIN: Final = 100
CHANNELS_APART_MAX: Final = 5
_BLOCKS_PER_SECOND: Final = 4
_RAW_BYTES: Final = 32 * 1024
_SCALE: Final = np.float32(32_768.0)

Frames = Iterator[tuple[int, Samples]]
NoiseRemoval = Callable[[Frames], Frames]


class Recording:
    """A MediaInput over the bytes of one upload.

    duration_ms_max: of what is decoded; a container that states more is refused at once
    on_known:        is told what the recording is, once
    without_noise:   takes mono frames and gives them without noise
    """

    def __init__(
        self,
        reader: ByteReader,
        input_format: InputFormat,
        *,
        duration_ms_max: int,
        held_bytes_max: int,
        on_known: Callable[[MediaKind], None],
        without_noise: NoiseRemoval,
    ) -> None:
        self._source = Source(reader)
        self._input_format = input_format
        self._duration_ms_max = duration_ms_max
        self._held_bytes_max = held_bytes_max
        self._on_known = on_known
        self._without_noise = without_noise
        self._decoder: Decoder | None = None
        self._decoded_s = 0.0

    @property
    def audio_ms(self) -> int:
        """How much has been decoded so far."""
        return int(self._decoded_s * 1000)

    def blocks(
        self, sample_rate_hz: int = HEARING_RATE_HZ, *, removes_noise: bool = False
    ) -> Iterator[AudioContent]:
        """Yield mono samples in blocks; channels are mixed by their mean.

        raises: as MediaInput says
        """
        frames = ((rate_hz, _mixed(samples)) for rate_hz, samples in self._bounded())
        if removes_noise:
            frames = self._without_noise(frames)  # type: ignore[assignment]  # both are iterators of frames
        for (block,) in _at_rate(frames, sample_rate_hz):
            yield block

    def channel_blocks(self, sample_rate_hz: int = HEARING_RATE_HZ) -> Iterator[tuple[AudioContent, ...]]:
        """Yield one block for each channel.

        raises: as MediaInput says
        """
        return _at_rate(_few_channels(self._bounded()), sample_rate_hz)

    def close(self) -> None:
        """Release the decoder. May be called twice."""
        decoder, self._decoder = self._decoder, None
        if decoder is not None:
            decoder.close()

    # --- inner ---

    def _bounded(self) -> Generator[tuple[int, Samples]]:
        """Yield decoded frames, and hold the recording to its bounds."""
        for rate_hz, samples in self._frames():
            self._decoded_s += samples.shape[1] / rate_hz
            if self.audio_ms > self._duration_ms_max:
                raise _too_long(self._duration_ms_max)
            yield rate_hz, samples
        if not self._decoded_s:
            raise EcholessError(ErrorCode.INVALID_AUDIO, "no sound in it")
        if self.audio_ms < AUDIO_MS_MIN:
            raise EcholessError(ErrorCode.AUDIO_TOO_SHORT, f"less than {AUDIO_MS_MIN} ms of sound")

    def _frames(self) -> Frames:
        if self._input_format is InputFormat.PCM_S16LE_16:
            self._on_known(RAW)
            return _raw_frames(self._source)
        self._decoder = Decoder(self._source, self._held_bytes_max)
        self._on_known(self._decoder.kind)
        stated_s = self._decoder.open()
        if stated_s is not None and stated_s * 1000 > self._duration_ms_max:
            raise _too_long(self._duration_ms_max)
        return self._decoder.frames()


def _too_long(duration_ms_max: int) -> EcholessError:
    return EcholessError(ErrorCode.AUDIO_TOO_LONG, f"more than {duration_ms_max // 1000} s of sound")


def _raw_frames(source: Source) -> Frames:
    """Yield headerless samples: 16 bits, little endian, mono, 16,000 a second. Half a sample at the end is left."""
    rest = b""
    while data := source.read(_RAW_BYTES):
        whole = rest + data
        even = len(whole) & ~1
        rest = whole[even:]
        if even:
            samples = np.frombuffer(whole[:even], "<i2").astype(np.float32).reshape(1, -1)
            # In place: numpy keeps small arrays for reuse, and whoever takes this one overwrites it.
            samples /= _SCALE
            yield HEARING_RATE_HZ, samples


def _mixed(samples: Samples) -> Samples:
    if samples.shape[0] == 1:
        return samples
    mono: Samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    samples.fill(0.0)
    return mono


def _few_channels(frames: Frames) -> Generator[tuple[int, Samples]]:
    for rate_hz, samples in frames:
        if samples.shape[0] > CHANNELS_APART_MAX:
            raise EcholessError(ErrorCode.TOO_MANY_CHANNELS, f"more than {CHANNELS_APART_MAX} channels")
        yield rate_hz, samples


def _at_rate(frames: Frames, rate_hz: int) -> Generator[tuple[AudioContent, ...]]:
    """Yield blocks of equal length at one rate, a shorter one at the end."""
    blocks: _Blocks | None = None
    filter_ = None
    present: tuple[int, int] = (0, 0)
    for input_rate_hz, samples in frames:
        channels = samples.shape[0]
        if blocks is None:
            blocks = _Blocks(channels, rate_hz)
        if (input_rate_hz, channels) != present:
            # A recording may change its rate on the way; it may not change its number of channels.
            if channels != blocks.channel_count:
                raise EcholessError(ErrorCode.INVALID_AUDIO, "its number of channels changes")
            if filter_ is not None:
                blocks.add(filter_.finish())
            filter_ = _Filter(input_rate_hz, rate_hz, channels)
            present = (input_rate_hz, channels)
        assert filter_ is not None, "made with the first frame"
        blocks.add(filter_.convert(samples))
        yield from blocks.whole()
    if blocks is not None and filter_ is not None:
        blocks.add(filter_.finish())
        yield from blocks.whole()
        yield from blocks.rest()


class _Filter:
    """Frames of several channels from one rate to another."""

    def __init__(self, input_rate_hz: int, output_rate_hz: int, channel_count: int) -> None:
        self._channel_count = channel_count
        self._stream: soxr.ResampleStream | None = None
        if input_rate_hz != output_rate_hz:
            self._stream = soxr.ResampleStream(input_rate_hz, output_rate_hz, channel_count, dtype="float32")

    def convert(self, samples: Samples, *, is_last: bool = False) -> NDArray[np.int16]:
        """Return what is ready as 16-bit samples, shape (samples, channels)."""
        interleaved = np.ascontiguousarray(samples.T)
        converted = interleaved
        if self._stream is not None:
            converted = self._stream.resample_chunk(interleaved, last=is_last)
        scaled = converted.reshape(-1, self._channel_count) * _SCALE
        np.rint(scaled, out=scaled)
        np.clip(scaled, -_SCALE, _SCALE - 1, out=scaled)
        rounded = scaled.astype("<i2")
        for used in (samples, interleaved, converted, scaled):
            used.fill(0.0)
        return rounded

    def finish(self) -> NDArray[np.int16]:
        """Return what the filter held back."""
        return self.convert(np.zeros((self._channel_count, 0), np.float32), is_last=True)


class _Blocks:
    """Samples on their way into blocks of one length."""

    def __init__(self, channel_count: int, rate_hz: int) -> None:
        self.channel_count = channel_count
        self._block = np.zeros((rate_hz // _BLOCKS_PER_SECOND, channel_count), "<i2")
        self._filled = 0
        self._ready: list[tuple[AudioContent, ...]] = []

    def add(self, samples: NDArray[np.int16]) -> None:
        """Take samples, shape (samples, channels), and overwrite them."""
        at = 0
        while at < len(samples):
            taken = samples[at : at + len(self._block) - self._filled]
            self._block[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            at += len(taken)
            if self._filled == len(self._block):
                self._ready.append(self._cut())
        samples.fill(0)

    def whole(self) -> list[tuple[AudioContent, ...]]:
        """Return the blocks that are whole."""
        ready, self._ready = self._ready, []
        return ready

    def rest(self) -> list[tuple[AudioContent, ...]]:
        """Return the last, shorter block, if there is one."""
        return [self._cut()] if self._filled else []

    def _cut(self) -> tuple[AudioContent, ...]:
        filled = self._block[: self._filled]
        block = tuple(AudioContent(filled[:, channel].tobytes()) for channel in range(self.channel_count))
        filled.fill(0)
        self._filled = 0
        return block
