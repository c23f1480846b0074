"""Spare encoders are new ones that were made early: for the formats asked for last, each used once."""

from __future__ import annotations

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.codecs.spare import SpareEncoders
from echoless.volatile.speech.ports import AudioEncoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit

RATE_HZ = 22_050
PCM = AudioContent(bytes(range(250)) * 200)


class Factory:
    """Makes real encoders and remembers them."""

    def __init__(self) -> None:
        self.made: list[AudioEncoder] = []

    def __call__(
        self, audio_format: AudioFormat, input_rate_hz: int, input_sample_count: int | None = None
    ) -> AudioEncoder:
        self.made.append(new_encoder(audio_format, input_rate_hz, input_sample_count))
        return self.made[-1]


def test_a_format_asked_for_once_is_ready_the_next_time_and_handed_out_once() -> None:
    factory = Factory()
    encoders = SpareEncoders(factory)
    audio_format = AUDIO_FORMATS["mp3_44100_128"]
    assert encoders(audio_format, RATE_HZ) is factory.made[0]
    assert encoders.prepare()
    assert not encoders.prepare()
    assert encoders(audio_format, RATE_HZ) is factory.made[1]
    assert encoders(audio_format, RATE_HZ) is factory.made[2]


@pytest.mark.parametrize("name", ["mp3_44100_128", "opus_48000_64", "pcm_16000", "ulaw_8000"])
def test_a_spare_encoder_makes_the_same_bytes(name: str) -> None:
    encoders = SpareEncoders(new_encoder)
    first = encode_all(encoders(AUDIO_FORMATS[name], RATE_HZ), [PCM])
    encoders.prepare()
    assert encode_all(encoders(AUDIO_FORMATS[name], RATE_HZ), [PCM]) == first


def test_only_the_formats_asked_for_last_have_a_spare() -> None:
    factory = Factory()
    encoders = SpareEncoders(factory, formats_max=2)
    for name in ("pcm_8000", "mp3_22050_32", "pcm_8000", "pcm_16000"):
        encoders(AUDIO_FORMATS[name], RATE_HZ)
        encoders.prepare()
    assert {audio_format.name for audio_format, _ in encoders._spares} == {"pcm_8000", "pcm_16000"}
    closed = factory.made[3]
    with pytest.raises(AssertionError):
        closed.encode(PCM)


def test_a_stated_length_gets_an_encoder_of_its_own() -> None:
    encoders = SpareEncoders(new_encoder)
    data = encode_all(encoders(AUDIO_FORMATS["wav_22050"], RATE_HZ, 500), [PCM])
    assert len(data) == 44 + 1_000
    assert not encoders.prepare()
