"""Loudness that is measured as stated, and gains that stay within their bounds."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.host.levelling import (
    GAIN_DB_MAX,
    TARGET_DBFS,
    amplified,
    levelling_gain_db,
    louder,
    loudness_dbfs,
    peak_dbfs,
    without_silent_end,
)
from echoless.volatile.speech.ports import SpokenAudio

pytestmark = pytest.mark.unit
RATE_HZ = 22_050


def tone(amplitude: float, seconds: float = 1.0) -> AudioContent:
    times_s = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    return AudioContent((np.sin(2 * np.pi * 200 * times_s) * amplitude).astype("<i2").tobytes())


def silence(seconds: float) -> AudioContent:
    return AudioContent(bytes(2 * int(RATE_HZ * seconds)))


def joined(*pieces: AudioContent) -> AudioContent:
    return AudioContent(b"".join(piece.reveal() for piece in pieces))


@pytest.mark.parametrize("amplitude", [327.68, 3276.8, 32_767])
def test_a_tone_is_three_decibels_below_its_peak(amplitude: float) -> None:
    pcm = tone(amplitude)
    loudness = loudness_dbfs(pcm, RATE_HZ)
    assert loudness is not None
    assert loudness == pytest.approx(peak_dbfs(pcm) - 3.01, abs=0.05)


def test_pauses_and_quiet_noise_do_not_make_speech_quieter() -> None:
    """The gates of ITU-R BS.1770: silence, and what is 10 dB below the rest, are left out."""
    speech = tone(8_000, 2.0)
    plain = loudness_dbfs(speech, RATE_HZ)
    gated = loudness_dbfs(joined(speech, silence(4.0), tone(80, 4.0)), RATE_HZ)
    assert plain is not None
    assert gated == pytest.approx(plain, abs=0.6)


def test_silence_has_no_loudness_and_gets_no_gain() -> None:
    assert loudness_dbfs(silence(1.0), RATE_HZ) is None
    assert loudness_dbfs(AudioContent(b""), RATE_HZ) is None
    assert levelling_gain_db([silence(1.0)], RATE_HZ) == 0.0
    assert peak_dbfs(silence(0.1)) == -np.inf


@pytest.mark.parametrize("amplitude", [1_500, 4_634, 12_000])
def test_the_gain_brings_speech_to_the_common_loudness(amplitude: float) -> None:
    pcm = tone(amplitude)
    levelled = amplified(pcm, levelling_gain_db([pcm], RATE_HZ))
    assert loudness_dbfs(levelled, RATE_HZ) == pytest.approx(TARGET_DBFS, abs=0.1)


def test_the_gain_is_bounded_both_ways_and_by_the_peak() -> None:
    assert levelling_gain_db([tone(100)], RATE_HZ) == GAIN_DB_MAX
    assert levelling_gain_db([tone(32_767)], RATE_HZ) == -GAIN_DB_MAX
    click = joined(tone(1_500, 2.0), AudioContent(np.full(4, 30_000, "<i2").tobytes()))
    assert levelling_gain_db([click], RATE_HZ) < 0.1


def test_no_utterance_is_made_louder_than_its_peak_has_room_for() -> None:
    spoken = louder(SpokenAudio(tone(20_000), ()), 12.0)
    assert peak_dbfs(spoken.pcm) == pytest.approx(-1.0, abs=0.01)
    loud = SpokenAudio(tone(32_767), ())
    assert peak_dbfs(louder(loud, 6.0).pcm) == pytest.approx(peak_dbfs(loud.pcm), abs=0.01)
    assert peak_dbfs(louder(loud, -6.0).pcm) == pytest.approx(-6.0, abs=0.05)


def test_what_is_over_full_scale_is_cut_off_and_not_wrapped() -> None:
    samples = np.frombuffer(amplified(tone(30_000), 12.0).reveal(), "<i2")
    assert (samples.max(), samples.min()) == (32_767, -32_768)
    assert amplified(tone(100), 0.0).reveal() == tone(100).reveal()


def test_the_silent_end_goes_and_the_samples_before_it_stay() -> None:
    pcm = joined(silence(0.1), tone(5_000, 0.2))
    assert without_silent_end(joined(pcm, silence(0.5))).reveal()[:4000] == pcm.reveal()[:4000]
    assert len(without_silent_end(joined(pcm, silence(0.5)))) <= len(pcm)
    assert len(without_silent_end(silence(0.5))) == 0
