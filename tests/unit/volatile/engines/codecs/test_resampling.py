"""Rates change and lengths keep their ratio."""

from __future__ import annotations

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.resampling import Resampler, resampled_count

pytestmark = pytest.mark.unit

RATES_HZ = sorted({audio_format.sample_rate_hz for audio_format in AUDIO_FORMATS.values()})


@pytest.mark.parametrize("output_rate_hz", RATES_HZ)
@pytest.mark.parametrize("sample_count", [0, 1, 7, 1_000, 22_050, 33_333])
def test_the_stated_count_is_what_the_filter_gives(sample_count: int, output_rate_hz: int) -> None:
    resampler = Resampler(22_050, output_rate_hz)
    pcm = bytes(2 * sample_count)
    parts = [resampler.convert(AudioContent(pcm[at : at + 3_000])) for at in range(0, len(pcm), 3_000)]
    parts.append(resampler.convert(AudioContent(b""), is_last=True))
    assert sum(map(len, parts)) == 2 * resampled_count(sample_count, 22_050, output_rate_hz)


def test_equal_rates_hand_the_same_object_on() -> None:
    pcm = AudioContent(b"\x01\x02" * 50)
    assert Resampler(22_050, 22_050).convert(pcm) is pcm
