"""What comes out of recordings: whole, cut off, damaged, strange and hostile ones."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.media.decoder import Decoder
from echoless.volatile.engines.media.sources import Source
from echoless.volatile.speech.media_ports import JobCancelledError
from tests.unit.volatile.engines.media.conftest import (
    HELD_BYTES_MAX,
    BytesReader,
    index_first,
    recording,
    tone,
    wav_header,
)

pytestmark = pytest.mark.unit

RATE_HZ = 44_100
_STREAMED = [
    ("wav", "pcm_s16le"), ("w64", "pcm_s16le"), ("mp3", "libmp3lame"), ("ogg", "libopus"), ("ogg", "vorbis"),
    ("flac", "flac"), ("webm", "libopus"), ("matroska", "libopus"), ("adts", "aac"), ("aiff", "pcm_s16be"),
    ("au", "pcm_s16be"), ("caf", "pcm_s16be"), ("flv", "aac"), ("asf", "wmav2"), ("avi", "libmp3lame"),
    ("mpegts", "aac"), ("vob", "mp2"), ("wav", "pcm_mulaw"), ("wav", "pcm_u8"), ("wav", "pcm_s24le"),
    ("wav", "pcm_f32le"), ("wav", "adpcm_ima_wav"),
]  # fmt: skip


def decoded(data: bytes, held_bytes_max: int = HELD_BYTES_MAX) -> tuple[int, np.ndarray]:
    """Rate and samples of a recording."""
    decoder = Decoder(Source(BytesReader(data)), held_bytes_max)
    try:
        decoder.open()
        frames = list(decoder.frames())
    finally:
        decoder.close()
    return frames[0][0], np.concatenate([samples for _, samples in frames], axis=1)


def refusal(data: bytes, held_bytes_max: int = HELD_BYTES_MAX) -> ErrorCode:
    with pytest.raises(EcholessError) as refused:
        decoded(data, held_bytes_max)
    return refused.value.code


def rate_for(codec: str) -> int:
    return 48_000 if codec == "libopus" else RATE_HZ


def channels_for(codec: str) -> int:
    return 2 if codec == "vorbis" else 1


def likeness(samples: np.ndarray, rate_hz: int) -> float:
    """How much of the middle second is the tone that was recorded."""
    middle = samples[len(samples) // 2 - rate_hz // 2 :][:rate_hz].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) ** 2
    return float(spectrum[290:311].sum() / spectrum[20:].sum())


@pytest.mark.parametrize(("container", "codec"), _STREAMED, ids=["-".join(row) for row in _STREAMED])
def test_a_recording_of_each_kind_is_decoded_as_it_comes(container: str, codec: str) -> None:
    rate_hz = rate_for(codec)
    data = recording(container, codec, tone(2, rate_hz, channels_for(codec)), rate_hz)
    found_hz, samples = decoded(data, held_bytes_max=0)
    assert found_hz == rate_hz
    assert abs(samples.shape[1] / rate_hz - 2) < 0.06
    assert abs(float(np.abs(samples).max()) - 8000 / 32768) < 0.06
    assert likeness(samples[0], rate_hz) > 0.98


@pytest.mark.parametrize(("container", "codec"), _STREAMED, ids=["-".join(row) for row in _STREAMED])
def test_a_recording_that_breaks_off_gives_what_it_has(container: str, codec: str) -> None:
    rate_hz = rate_for(codec)
    data = recording(container, codec, tone(3, rate_hz, channels_for(codec)), rate_hz)
    _, samples = decoded(data[: len(data) * 2 // 3])
    assert 1.3 < samples.shape[1] / rate_hz < 2.2
    assert likeness(samples[0], rate_hz) > 0.95


@pytest.mark.parametrize("container", ["mp4", "ipod", "3gp"])
def test_mp4_is_streamed_when_its_index_comes_first_and_held_when_it_comes_last(container: str) -> None:
    """C17, C18: a container that cannot be decoded without seeking is held up to a bound, and refused above it."""
    index_last = recording(container, "aac", tone(2, RATE_HZ), RATE_HZ)
    assert index_last.index(b"mdat") < index_last.index(b"moov")
    for data, held_bytes_max in ((index_last, HELD_BYTES_MAX), (index_first(index_last), 0)):
        rate_hz, samples = decoded(data, held_bytes_max)
        assert (rate_hz, likeness(samples[0], rate_hz) > 0.98) == (RATE_HZ, True)
        assert abs(samples.shape[1] / RATE_HZ - 2) < 0.06
    assert refusal(index_last, held_bytes_max=len(index_last) - 1) is ErrorCode.FILE_TOO_LARGE


def test_mp4_that_breaks_off_gives_what_it_has_only_where_its_index_came_first() -> None:
    index_last = recording("mp4", "aac", tone(3, RATE_HZ), RATE_HZ)
    first = index_first(index_last)
    _, samples = decoded(first[: len(first) * 2 // 3])
    assert samples.shape[1] > RATE_HZ
    assert refusal(index_last[: len(index_last) // 2]) is ErrorCode.INVALID_AUDIO


def test_fragmented_mp4_is_streamed() -> None:
    options = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "300000"}
    data = recording("mp4", "aac", tone(2, RATE_HZ), RATE_HZ, options)
    _, samples = decoded(data, held_bytes_max=0)
    assert abs(samples.shape[1] / RATE_HZ - 2) < 0.06
    without_index = data[: data.index(b"moov") - 4] + data[data.index(b"moof") - 4 :]
    assert refusal(without_index) is ErrorCode.INVALID_AUDIO


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "aac"), ("matroska", "libopus"), ("avi", "libmp3lame"), ("mpegts", "aac")]
)
def test_of_a_film_the_sound_is_taken(container: str, codec: str) -> None:
    """Contract, speech to text: video containers are accepted."""
    rate_hz = 48_000
    data = recording(container, codec, tone(2, rate_hz), rate_hz, has_video=True)
    _, samples = decoded(data)
    assert abs(samples.shape[1] / rate_hz - 2) < 0.06
    assert likeness(samples[0], rate_hz) > 0.95


def test_a_film_without_sound_is_refused() -> None:
    memory = io.BytesIO()
    with av.open(memory, "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        for packet in [*video.encode(av.VideoFrame(64, 64, "yuv420p")), *video.encode(None)]:
            out.mux(packet)
    assert refusal(memory.getvalue()) is ErrorCode.INVALID_AUDIO


@pytest.mark.parametrize("data", [b"", b"\0", b"\0" * 100_000, b"no recording at all " * 999, b"\xff\xfb\x90\x00"])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(EcholessError) as refused:
        frames = decoded(data)
        assert frames[1].size == 0
    assert refused.value.code is ErrorCode.INVALID_AUDIO


@pytest.mark.parametrize(("channels", "rate_hz"), [(65, 8_000), (1, 1), (1, 999), (1, 2**31 - 1), (1, 0)])
def test_impossible_rates_and_numbers_of_channels_are_refused(channels: int, rate_hz: int) -> None:
    data = wav_header(channels, rate_hz, 320_000) + bytes(320_000)
    assert refusal(data) is ErrorCode.INVALID_AUDIO


@pytest.mark.parametrize(
    ("channels", "rate_hz"), [(2, 44_100), (6, 48_000), (32, 16_000), (1, 96_000), (1, 192_000)]
)
def test_many_channels_and_high_rates_are_decoded(channels: int, rate_hz: int) -> None:
    pcm = tone(0.5, rate_hz, channels)
    found_hz, samples = decoded(wav_header(channels, rate_hz, pcm.nbytes) + pcm.tobytes())
    assert (found_hz, samples.shape) == (rate_hz, (channels, len(pcm)))
    assert np.array_equal(np.rint(samples.T * 32768).astype("<i2"), pcm)


def test_many_planes_are_read_as_they_are() -> None:
    """PyAV counts the planes of a frame beyond their end where there are eight or more."""
    layout, channels = "7.1", 8
    memory = io.BytesIO()
    with av.open(memory, "w", format="adts") as out:
        stream = out.add_stream("aac", rate=48_000, layout=layout)
        frame = av.AudioFrame.from_ndarray(tone(1, 48_000, channels).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    rate_hz, samples = decoded(memory.getvalue())
    assert (rate_hz, samples.shape[0]) == (48_000, channels)
    assert abs(samples.shape[1] / rate_hz - 1) < 0.06


def test_tags_and_pictures_before_the_sound_are_passed_over() -> None:
    """A tag states its own size in seven bits a byte; it may hold megabytes of pictures."""
    picture = b"\xff\xd8\xff\xfb" * 100_000
    size = bytes(len(picture) >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = b"ID3\x04\x00\x00" + size + picture
    for container, codec in (("mp3", "libmp3lame"), ("adts", "aac"), ("flac", "flac")):
        data = recording(container, codec, tone(1, RATE_HZ), RATE_HZ)
        _, samples = decoded(tag + tag + data, held_bytes_max=0)
        assert abs(samples.shape[1] / RATE_HZ - 1) < 0.06


def test_damage_in_the_middle_costs_no_more_than_itself() -> None:
    data = bytearray(recording("mp3", "libmp3lame", tone(4, RATE_HZ), RATE_HZ))
    middle = len(data) // 2
    data[middle : middle + 600] = bytes(600)
    _, samples = decoded(bytes(data))
    assert samples.shape[1] > 3.7 * RATE_HZ


def test_a_coding_that_is_not_on_the_list_is_refused() -> None:
    data = recording("wav", "pcm_s16le", tone(1), 16_000)
    at = data.index(b"fmt ") + 8
    unknown = data[:at] + (0x0270).to_bytes(2, "little") + data[at + 2 :]  # ATRAC3: known to FFmpeg, not to us
    assert refusal(unknown) is ErrorCode.INVALID_AUDIO


def test_a_recording_cannot_name_another_file_to_open() -> None:
    """An MP4 whose samples lie in a file that it names; FFmpeg would open it, were it let to."""
    data = recording("mov", "pcm_s16le", tone(1), 16_000)
    at = data.index(b"dref")
    alien = data[:at] + data[at:].replace(b"url \0\0\0\1", b"url \0\0\0\0", 1)
    try:
        _, samples = decoded(alien)
    except EcholessError as refused:
        assert refused.code is ErrorCode.INVALID_AUDIO
    else:
        assert samples.shape[1] <= 16_000


class _Leaving:
    """A reader whose client leaves in the middle."""

    def __init__(self, data: bytes) -> None:
        self._reader = BytesReader(data, 4_000)
        self._left = 5

    def read(self, bytes_max: int) -> bytes:
        self._left -= 1
        if not self._left:
            raise JobCancelledError
        return self._reader.read(bytes_max)


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("wav", "pcm_s16le"), ("webm", "libopus"),
                                                  ("mp4", "aac"), ("flac", "flac")])  # fmt: skip
def test_a_job_that_nobody_wants_unwinds_through_the_library(container: str, codec: str) -> None:
    data = recording(container, codec, tone(4, 48_000), 48_000)
    with pytest.raises(JobCancelledError):
        decoder = Decoder(Source(_Leaving(data)), HELD_BYTES_MAX)
        decoder.open()
        list(decoder.frames())
