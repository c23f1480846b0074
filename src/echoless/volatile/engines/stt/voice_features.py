"""What a voice sounds like, frame by frame: mel-frequency cepstra by kaldi-native-fbank.

source: Davis and Mermelstein 1980, as Kaldi computes them; no dither, so equal samples give equal features
"""

from __future__ import annotations

from typing import Final

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

FEATURE_COUNT: Final = 19
_BAND_COUNT: Final = 30
_FULL_SCALE: Final = 32_768.0


def voice_features(pcm: AudioContent) -> NDArray[np.float64]:
    """Return one row for each 10 ms.

    returns: float64, shape (frames, FEATURE_COUNT); the first cepstrum, loudness, is left out
    """
    options = knf.MfccOptions()
    options.frame_opts.samp_freq = HEARING_RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = False
    options.mel_opts.num_bins = _BAND_COUNT
    options.num_ceps = FEATURE_COUNT + 1
    options.use_energy = False
    computer = knf.OnlineMfcc(options)
    samples = np.frombuffer(pcm.reveal(), dtype="<i2").astype(np.float32)
    samples /= _FULL_SCALE
    computer.accept_waveform(HEARING_RATE_HZ, samples)
    computer.input_finished()
    # numpy keeps small arrays for reuse without overwriting them.
    samples.fill(0)
    rows = [computer.get_frame(index) for index in range(computer.num_frames_ready)]
    return np.array(rows, dtype=np.float64).reshape(-1, FEATURE_COUNT + 1)[:, 1:]
