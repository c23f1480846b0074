"""The one place that knows which encoder makes which format."""

from __future__ import annotations

from echoless.core.audio_formats import AudioFormat, Codec
from echoless.volatile.engines.codecs.companded import CompandedEncoder
from echoless.volatile.engines.codecs.mp3 import MP3Encoder
from echoless.volatile.engines.codecs.opus import OpusEncoder
from echoless.volatile.engines.codecs.pcm import PCMEncoder
from echoless.volatile.engines.codecs.wav import WAVEncoder
from echoless.volatile.speech.ports import AudioEncoder


def new_encoder(
    audio_format: AudioFormat, input_rate_hz: int, input_sample_count: int | None = None
) -> AudioEncoder:
    """Return a new encoder for one job.

    input_sample_count: how many samples will come; needed for formats that are not streamable, else ignored
    """
    match audio_format.codec:
        case Codec.MP3:
            return MP3Encoder(audio_format, input_rate_hz)
        case Codec.PCM:
            return PCMEncoder(audio_format, input_rate_hz)
        case Codec.ULAW | Codec.ALAW:
            return CompandedEncoder(audio_format, input_rate_hz)
        case Codec.OPUS:
            return OpusEncoder(audio_format, input_rate_hz)
        case Codec.WAV:
            assert input_sample_count is not None, "a WAV file states its length first"
            return WAVEncoder(audio_format, input_rate_hz, input_sample_count)
