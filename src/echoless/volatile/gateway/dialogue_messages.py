"""(5) How dialogue becomes messages of its sockets.

Times in a message are relative to its chunk, as on the sockets of single texts; here they come only when asked for.
source: the wire contract, text to dialogue, section 2.3
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Any

import msgspec

from echoless.core.content import AudioContent
from echoless.crossing.records import AlignmentPart
from echoless.volatile.gateway.socket_messages import UnstatedTimes, mode_member


class DialogueMessages:
    """Makes the messages of one stream.

    context_id:  None on a socket of one stream
    shows_times: whether times were asked for
    retention:   the mode, stated in the first message of audio
    """

    def __init__(self, context_id: str | None, *, shows_times: bool, retention: str = "") -> None:
        self._first = mode_member(retention)
        self._context = b""
        if context_id is not None:
            self._context = b',"context_id":' + msgspec.json.encode(context_id)
        self._shows_times = shows_times
        self._source = UnstatedTimes()
        self._spoken = UnstatedTimes()
        self._begin_ms = 0

    def take_times(self, part: AlignmentPart) -> None:
        """Take times, to be stated with the next audio."""
        if self._shows_times:
            self._source.add(part.characters, part.start_s, part.end_s)
            self._spoken.add(part.normalized_characters, part.normalized_start_s, part.normalized_end_s)

    def audio(self, audio: AudioContent) -> bytes:
        """Return the message of a chunk of audio, with the times that wait."""
        encoded = b2a_base64(audio.reveal(), newline=False)
        first, self._first = self._first, b""
        return b'{"audio":"%b"%b%b%b}' % (encoded, self._times(), self._context, first)

    def times_left(self) -> bytes:
        """Return a message of times that no audio followed, or nothing."""
        return self.audio(AudioContent(b"")) if self._has_times else b""

    def turn_done(self) -> bytes:
        """Return the message after the last audio of a turn."""
        return b'{"is_final_audio_for_turn":true%b}' % self._context

    def final(self) -> bytes:
        """Return the last message of the stream."""
        return b'{"is_final":true%b}' % self._context

    @property
    def _has_times(self) -> bool:
        return bool(len(self._source) or len(self._spoken))

    def _times(self) -> bytes:
        if not self._shows_times:
            return b""
        members = {"alignment": self._as_json(self._source), "normalized_alignment": self._as_json(self._spoken)}
        if self._has_times:
            self._begin_ms = self._source.end_ms if len(self._source) else self._spoken.end_ms
            self._source, self._spoken = UnstatedTimes(), UnstatedTimes()
        return b"," + msgspec.json.encode(members)[1:-1]

    def _as_json(self, times: UnstatedTimes) -> dict[str, Any] | None:
        if not len(times):
            return None
        starts, durations = times.relative_to(self._begin_ms)
        return {"chars": times.characters, "char_start_times_ms": starts, "char_durations_ms": durations}
