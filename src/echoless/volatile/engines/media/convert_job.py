"""One job of conversion: a recording in, the same words in another voice out, block by block. (4)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.media_records import Convert
from echoless.crossing.records import Record, SpeechBegan, SpeechEnded
from echoless.volatile.speech.hearing_ports import Conversion
from echoless.volatile.speech.media_ports import MediaInput, MediaOutlet
from echoless.volatile.speech.ports import AudioEncoder, EncoderFactory

_SAMPLE_BYTES: Final = 2

ConversionFactory = Callable[[Convert], Conversion]


class ConvertJob:
    """A MediaJob that does orders of the kind Convert.

    new_conversion: makes the engine's part for one order; raises EcholessError(VOICE_NOT_FOUND)
    held_bytes_max: of samples, for a format that states its length before the first of them
    """

    def __init__(
        self, new_conversion: ConversionFactory, new_encoder: EncoderFactory, *, held_bytes_max: int
    ) -> None:
        self._new_conversion = new_conversion
        self._new_encoder = new_encoder
        self._held_bytes_max = held_bytes_max

    @property
    def wants_retirement(self) -> bool:
        """Never: nothing here grows."""
        return False

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> SpeechEnded:
        """Convert a recording to its end.

        raises: EcholessError as the recording and the engine do, INVALID_PARAMETERS for an unknown format
        """
        assert isinstance(order, Convert), "the host calls this for its own kind of order"
        audio_format = AUDIO_FORMATS.get(order.output_format)
        if audio_format is None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such output format", param="output_format")
        conversion = self._new_conversion(order)
        writer = self._writer(audio_format, conversion.sample_rate_hz, outlet)
        try:
            for block in sound.blocks(conversion.sample_rate_hz, removes_noise=order.removes_noise):
                writer.write(conversion.convert(block))
                outlet.check()
            writer.write(conversion.finish())
            writer.finish()
        finally:
            conversion.close()
            writer.close()
        return SpeechEnded("", writer.sample_count * 1000 // conversion.sample_rate_hz, outlet.audio_bytes)

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> SpeechEnded:
        """Return the last record of a job that went wrong."""
        return SpeechEnded(code.value, audio_ms, audio_bytes)

    def _writer(self, audio_format: AudioFormat, rate_hz: int, outlet: MediaOutlet) -> _Writer:
        if audio_format.is_streamable:
            return _StreamWriter(self._new_encoder(audio_format, rate_hz), outlet)
        return _HeldWriter(audio_format, rate_hz, self._new_encoder, outlet, self._held_bytes_max)


class _Writer:
    """Takes samples and sends them encoded."""

    def __init__(self, outlet: MediaOutlet) -> None:
        self._outlet = outlet
        self._has_begun = False
        self.sample_count = 0

    def write(self, pcm: AudioContent) -> None:
        """Take the next samples."""
        self.sample_count += len(pcm) // _SAMPLE_BYTES

    def finish(self) -> None:
        """Send the rest."""

    def close(self) -> None:
        """Release everything. May be called twice."""

    def _send(self, audio: AudioContent, file_bytes: int | None = None) -> None:
        if not self._has_begun and (len(audio) or file_bytes is not None):
            self._has_begun = True
            self._outlet.post(SpeechBegan(file_bytes))
        if len(audio):
            self._outlet.send_audio(audio)


class _StreamWriter(_Writer):
    """Sends what is ready at once."""

    def __init__(self, encoder: AudioEncoder, outlet: MediaOutlet) -> None:
        super().__init__(outlet)
        self._encoder = encoder

    def write(self, pcm: AudioContent) -> None:
        super().write(pcm)
        self._send(self._encoder.encode(pcm))

    def finish(self) -> None:
        self._send(self._encoder.finish())

    def close(self) -> None:
        self._encoder.close()


class _HeldWriter(_Writer):
    """Holds the samples until their number is known, for formats that state it first."""

    def __init__(
        self,
        audio_format: AudioFormat,
        rate_hz: int,
        new_encoder: EncoderFactory,
        outlet: MediaOutlet,
        held_bytes_max: int,
    ) -> None:
        super().__init__(outlet)
        self._format = audio_format
        self._rate_hz = rate_hz
        self._new_encoder = new_encoder
        self._left_bytes = held_bytes_max
        self._held: list[AudioContent] = []

    def write(self, pcm: AudioContent) -> None:
        super().write(pcm)
        self._left_bytes -= len(pcm)
        if self._left_bytes < 0:
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, "too long for a format that states its length first")
        self._held.append(pcm)

    def finish(self) -> None:
        encoder = self._new_encoder(self._format, self._rate_hz, self.sample_count)
        header = encoder.encode(AudioContent(b""))
        # A RIFF file states its length, without these eight bytes, in its second word.
        self._send(header, int.from_bytes(header.reveal()[4:8], "little") + 8)
        for pcm in self._held:
            self._send(encoder.encode(pcm))
        self._send(encoder.finish())
        encoder.close()

    def close(self) -> None:
        self._held.clear()
