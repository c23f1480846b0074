"""(5) How speech becomes messages of a text socket.

Times in a message are relative to its chunk: to where the last stated time of the chunk before it ends, so that a
listener who adds up what was stated never drifts.
source: the wire contract, text to speech, sections 2.3 and 3
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any, Final

import msgspec

from echoless.core.content import AudioContent
from echoless.crossing.records import AlignmentPart

_NO_TIMES: Final = b'"normalizedAlignment":null,"alignment":null'


class UnstatedTimes:
    """Characters whose times have not been stated yet, in milliseconds from the start of the stream."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self._start_ms: list[int] = []
        self._end_ms: list[int] = []

    def __len__(self) -> int:
        return len(self.characters)

    def add(self, characters: list[str], start_s: list[float], end_s: list[float]) -> None:
        """Take characters with their times, in seconds."""
        self.characters += characters
        self._start_ms += [round(second * 1000) for second in start_s]
        self._end_ms += [round(second * 1000) for second in end_s]

    @property
    def end_ms(self) -> int:
        """Where the last character ends."""
        return self._end_ms[-1]

    def relative_to(self, begin_ms: int) -> tuple[list[int], list[int]]:
        """Return starts, counted from there, and durations."""
        durations = [end - start for start, end in zip(self._start_ms, self._end_ms, strict=True)]
        return [start - begin_ms for start in self._start_ms], durations


def _as_json(times: UnstatedTimes, begin_ms: int) -> dict[str, Any] | None:
    if not len(times):
        return None
    starts, durations = times.relative_to(begin_ms)
    return {
        "chars": times.characters,
        "charStartTimesMs": starts,
        "charDurationsMs": durations,
        # The older documents' spelling; clients read either.
        "charsDurationsMs": durations,
    }


def mode_member(retention: str) -> bytes:
    """Return the member of a first message that states the mode; nothing where none is to be stated."""
    return b',"retention":"%b"' % retention.encode("ascii") if retention else b""


class SocketMessages:
    """Makes the messages of one stream.

    context_id: None on a socket of one stream; empty for the default context
    retention:  the mode, stated in the first message of audio: where the credential came after the handshake, its
                headers could not know it
    """

    def __init__(self, context_id: str | None, *, retention: str = "") -> None:
        self._first = mode_member(retention)
        self._source = UnstatedTimes()
        self._spoken = UnstatedTimes()
        self._begin_ms = 0
        self._context = b""
        if context_id is not None:
            self._context = b',"contextId":' + msgspec.json.encode(context_id or None)

    def take_times(self, part: AlignmentPart) -> None:
        """Take times, to be stated with the next audio."""
        self._source.add(part.characters, part.start_s, part.end_s)
        self._spoken.add(part.normalized_characters, part.normalized_start_s, part.normalized_end_s)

    def audio(self, audio: AudioContent) -> bytes:
        """Return the message of a chunk of audio, with the times that wait."""
        encoded = b2a_base64(audio.reveal(), newline=False)
        first, self._first = self._first, b""
        return b'{"audio":"%b","isFinal":null,%b%b%b}' % (encoded, self._times(), self._context, first)

    def times_left(self) -> bytes:
        """Return a message of times that no audio followed, or nothing."""
        if not (len(self._source) or len(self._spoken)):
            return b""
        return self.audio(AudioContent(b""))

    def final(self) -> bytes:
        """Return the last message of the stream."""
        spelled = b',"is_final":true' if self._context else b""
        return b'{"audio":null,"isFinal":true%b,%b%b}' % (spelled, _NO_TIMES, self._context)

    def _times(self) -> bytes:
        if not (len(self._source) or len(self._spoken)):
            return _NO_TIMES
        members = {
            "normalizedAlignment": _as_json(self._spoken, self._begin_ms),
            "alignment": _as_json(self._source, self._begin_ms),
        }
        self._begin_ms = self._source.end_ms if len(self._source) else self._spoken.end_ms
        self._source, self._spoken = UnstatedTimes(), UnstatedTimes()
        return msgspec.json.encode(members)[1:-1]
