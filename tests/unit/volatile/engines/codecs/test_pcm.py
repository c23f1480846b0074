"""Linear samples pass unchanged where the rate is the engine's."""

from __future__ import annotations

import pytest

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.content import AudioContent
from echoless.volatile.engines.codecs.pcm import PCMEncoder
from tests.unit.volatile.engines.codecs.conftest import encode_all

pytestmark = pytest.mark.unit


def test_samples_at_the_engines_rate_are_not_touched() -> None:
    pcm = bytes(range(256)) * 20
    assert encode_all(PCMEncoder(AUDIO_FORMATS["pcm_22050"], 22_050), [AudioContent(pcm)]) == pcm
