"""Live audio in each wire format becomes the same samples."""

from __future__ import annotations

import av
import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.codecs.live_input import LIVE_FORMATS, LiveInput

pytestmark = pytest.mark.unit


def _sine(rate_hz: int) -> bytes:
    times_s = np.arange(rate_hz) / rate_hz
    return (np.sin(2 * np.pi * 440 * times_s) * 8000).astype("<i2").tobytes()


@pytest.mark.parametrize("name", LIVE_FORMATS)
def test_every_format_becomes_16_khz(name: str) -> None:
    codec, rate = name.split("_")
    data = _sine(int(rate))
    if codec == "ulaw":
        context = av.CodecContext.create("pcm_mulaw", "w")
        assert isinstance(context, av.AudioCodecContext)
        context.sample_rate, context.layout, context.format = int(rate), "mono", "s16"
        frame = av.AudioFrame.from_ndarray(np.frombuffer(data, "<i2")[None], "s16", "mono")
        frame.sample_rate = int(rate)
        data = b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
        assert len(data) == 8000
    samples = LiveInput(name)
    pieces = [samples.convert(AudioContent(data[at : at + 777])) for at in range(0, len(data), 777)]
    pieces.append(samples.convert(AudioContent(b""), is_last=True))
    found = np.frombuffer(b"".join(piece.reveal() for piece in pieces), "<i2").astype(float)
    wanted = np.frombuffer(_sine(16_000), "<i2").astype(float)
    assert abs(len(found) - len(wanted)) <= 1
    middle = slice(2_000, 14_000)
    assert np.max(np.abs(found[middle] - wanted[middle])) < (300 if codec == "ulaw" else 30)


def test_half_a_sample_waits_for_its_other_half() -> None:
    samples = LiveInput("pcm_16000")
    assert len(samples.convert(AudioContent(b"\1"))) == 0
    assert samples.convert(AudioContent(b"\2\3")).reveal() == b"\1\2"
    assert samples.convert(AudioContent(b"\4")).reveal() == b"\3\4"


def test_every_code_of_mu_law_is_decoded_as_the_standard_says() -> None:
    """ITU-T G.711, table 2b: the ends of the segments."""
    samples = LiveInput("ulaw_8000")
    table = samples._linear(bytes([0x00, 0x80, 0x7F, 0xFF, 0x0F, 0x8F]))
    assert np.frombuffer(table, "<i2").tolist() == [-32124, 32124, 0, 0, -16764, 16764]


@pytest.mark.parametrize("name", ["mp3_44100_128", "pcm_32000", "", "alaw_8000"])
def test_other_formats_are_refused(name: str) -> None:
    with pytest.raises(EcholessError) as caught:
        LiveInput(name)
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "audio_format")


def test_a_closed_input_holds_nothing() -> None:
    samples = LiveInput("pcm_8000")
    samples.convert(AudioContent(b"\1"))
    samples.close()
    assert samples._odd == b""
