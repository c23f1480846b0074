"""MP3 streams: constant bit rate, as advertised, from the first frame."""

from __future__ import annotations

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.mp3 import MP3Encoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit

# ISO/IEC 11172-3 and 13818-3, layer III: bit rates and sampling rates by index.
RATES_KBPS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000)}


def frames(data: bytes) -> list[tuple[int, int]]:
    """Return bit rate and sampling rate of each frame, walking from header to header."""
    found, at = [], 0
    while at + 4 <= len(data):
        assert data[at] == 0xFF
        assert data[at + 1] & 0xE0 == 0xE0
        version = data[at + 1] >> 3 & 3
        kbps = RATES_KBPS[version][data[at + 2] >> 4]
        hertz = RATES_HZ[version][data[at + 2] >> 2 & 3]
        found.append((kbps, hertz))
        at += (144 if version == 3 else 72) * kbps * 1000 // hertz + (data[at + 2] >> 1 & 1)
    assert at == len(data)
    return found


@pytest.mark.parametrize(
    "audio_format", [f for f in AUDIO_FORMATS.values() if f.codec is Codec.MP3], ids=lambda f: f.name
)
def test_every_frame_has_the_advertised_rates(audio_format: AudioFormat) -> None:
    data = encode_all(MP3Encoder(audio_format, 22_050), [AudioContent(bytes(range(256)) * 400)])
    assert set(frames(data)) == {(audio_format.bit_rate_kbps, audio_format.sample_rate_hz)}
