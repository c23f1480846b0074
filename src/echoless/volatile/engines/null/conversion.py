"""A conversion that needs no engine: audio comes out as it went in, so that the platform can be tested."""

from __future__ import annotations

from typing import Final

from echoless.core.content import AudioContent
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ


class UnchangedConversion:
    """A Conversion that changes nothing."""

    sample_rate_hz: Final = HEARING_RATE_HZ

    def convert(self, pcm: AudioContent) -> AudioContent:
        """Return the samples themselves."""
        return pcm

    def finish(self) -> AudioContent:
        """Return nothing: nothing is held back."""
        return AudioContent(b"")

    def close(self) -> None:
        """Do nothing: there is nothing to release."""
