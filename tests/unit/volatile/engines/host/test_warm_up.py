"""The warm-up uses every codec and lets a broken part be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from echoless.core.audio_formats import AudioFormat, Codec
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.host.warm_up import warm_up, warm_up_engine
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.ports import AudioEncoder, SpokenAudio

pytestmark = pytest.mark.unit


def test_every_codec_is_used(parts: SpeechParts) -> None:
    used: set[Codec] = set()

    def noted(audio_format: AudioFormat, rate_hz: int, count: int | None = None) -> AudioEncoder:
        used.add(audio_format.codec)
        return parts.new_encoder(audio_format, rate_hz, count)

    warm_up(replace(parts, new_encoder=noted))
    assert used == set(Codec)


def test_a_broken_codec_is_an_error(parts: SpeechParts) -> None:
    def broken(audio_format: AudioFormat, rate_hz: int, count: int | None = None) -> AudioEncoder:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "broken")

    with pytest.raises(EcholessError, match="broken"):
        warm_up(replace(parts, new_encoder=broken))


def test_an_engine_that_fails_is_seen_before_it_serves(parts: SpeechParts) -> None:
    class Broken(ToneEngine):
        def speak(self, *_args: object, **_more: object) -> SpokenAudio:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "broken")

    warm_up_engine(parts)
    with pytest.raises(EcholessError, match="broken"):
        warm_up_engine(replace(parts, engine=Broken()))
