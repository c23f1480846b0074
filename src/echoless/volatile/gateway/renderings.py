"""(5) How speech becomes the body of a response: plain audio, one JSON object, or one JSON object a line.

A rendering is handed pieces as they come and returns the bytes to send. None holds audio back, but for the one or
two bytes that base64 needs to come out even.
source: the wire contract, text to speech, sections 1 and 1.3; text to dialogue, section 1.2
"""

from __future__ import annotations

from array import array
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.crossing.dialogue_records import VoiceRun
from echoless.crossing.records import AlignmentPart

_JSON = "application/json"


class Rendering(Protocol):
    """Turns pieces of speech into pieces of a body."""

    @property
    def content_type(self) -> str:
        """The media type of the body."""
        ...

    @property
    def is_plain(self) -> bool:
        """Whether the body's length is the audio's length."""
        ...

    def audio(self, audio: AudioContent) -> bytes:
        """Return what to send for the next audio bytes; may be empty."""
        ...

    def times(self, part: AlignmentPart | VoiceRun) -> None:
        """Take the times of the audio that comes next, or who speaks the last of them."""
        ...

    def end(self) -> bytes:
        """Return what is still to be sent."""
        ...


class PlainAudio:
    """The audio itself."""

    is_plain = True

    def __init__(self, audio_format: AudioFormat) -> None:
        self.content_type = audio_format.content_type

    def audio(self, audio: AudioContent) -> bytes:
        """Return the bytes as they are."""
        return audio.reveal()

    def times(self, part: AlignmentPart | VoiceRun) -> None:
        """Ignore times: this body has no place for them."""

    def end(self) -> bytes:
        """Return nothing."""
        return b""


class _Times:
    """Character times in a compact form: 16 bytes for a character and its two times."""

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.start_s = array("d")
        self.end_s = array("d")

    def add(self, characters: list[str], start_s: list[float], end_s: list[float]) -> None:
        self.characters.append("".join(characters))
        self.start_s.extend(start_s)
        self.end_s.extend(end_s)

    def as_json(self) -> dict[str, Any] | None:
        """Return the wire's alignment object, or None where there are no characters."""
        text = "".join(self.characters)
        if not text:
            return None
        return {
            "characters": list(text),
            "character_start_times_seconds": self.start_s.tolist(),
            "character_end_times_seconds": self.end_s.tolist(),
        }


class _VoiceSegments:
    """Who speaks which characters when: one entry for each turn, or part of one.

    voice_ids: of the turns
    """

    def __init__(self, voice_ids: Sequence[str]) -> None:
        self._voice_ids = voice_ids
        self._segments: list[dict[str, Any]] = []
        self._character_count = 0

    def add(self, run: VoiceRun) -> None:
        """Take the next characters; those of a turn that has begun join it."""
        first, self._character_count = self._character_count, self._character_count + run.character_count
        if not self._segments or self._segments[-1]["dialogue_input_index"] != run.turn_index:
            self._segments.append(
                {
                    "voice_id": self._voice_ids[run.turn_index],
                    "start_time_seconds": run.start_s,
                    "character_start_index": first,
                    "dialogue_input_index": run.turn_index,
                }
            )
        self._segments[-1] |= {"end_time_seconds": run.end_s, "character_end_index": self._character_count}

    def take(self) -> list[dict[str, Any]]:
        """Return the segments and start anew: indexes count from the next character on."""
        segments, self._segments, self._character_count = self._segments, [], 0
        return segments


class _AllTimes:
    """Times of the submitted and of the spoken characters, and of voices where there are several."""

    def __init__(self, voice_ids: Sequence[str] | None) -> None:
        self._source = _Times()
        self._spoken = _Times()
        self._voices = _VoiceSegments(voice_ids) if voice_ids is not None else None

    def add(self, part: AlignmentPart | VoiceRun) -> None:
        if isinstance(part, VoiceRun):
            assert self._voices is not None, "who has one voice is not told of others"
            self._voices.add(part)
            return
        self._source.add(part.characters, part.start_s, part.end_s)
        self._spoken.add(part.normalized_characters, part.normalized_start_s, part.normalized_end_s)

    def take(self) -> dict[str, Any]:
        """Return all as wire members and start anew."""
        members: dict[str, Any] = {"alignment": self._source.as_json()}
        members["normalized_alignment"] = self._spoken.as_json()
        if self._voices is not None:
            members["voice_segments"] = self._voices.take()
        self._source, self._spoken = _Times(), _Times()
        return members


class WholeTimestamps:
    """One JSON object for the whole answer, its audio written as it comes.

    voice_ids: of the turns of a dialogue
    """

    content_type = _JSON
    is_plain = False

    def __init__(self, voice_ids: Sequence[str] | None = None) -> None:
        self._times = _AllTimes(voice_ids)
        self._odd = b""
        self._is_begun = False

    def audio(self, audio: AudioContent) -> bytes:
        """Return the next base64, in whole groups of three bytes."""
        data = self._odd + audio.reveal()
        even = len(data) - len(data) % 3
        self._odd = data[even:]
        return self._head() + b2a_base64(memoryview(data)[:even], newline=False)

    def times(self, part: AlignmentPart | VoiceRun) -> None:
        """Remember times for the end."""
        self._times.add(part)

    def end(self) -> bytes:
        """Return the last base64 and the alignments."""
        rest = self._head() + b2a_base64(self._odd, newline=False)
        self._odd = b""
        return rest + b'",' + msgspec.json.encode(self._times.take())[1:]

    def _head(self) -> bytes:
        head = b"" if self._is_begun else b'{"audio_base64":"'
        self._is_begun = True
        return head


class StreamedTimestamps:
    """One JSON object a line: each piece of audio with the times that came before it.

    voice_ids: of the turns of a dialogue
    """

    content_type = _JSON
    is_plain = False

    def __init__(self, voice_ids: Sequence[str] | None = None) -> None:
        self._times = _AllTimes(voice_ids)
        self._has_times = False

    def audio(self, audio: AudioContent) -> bytes:
        """Return one line."""
        return self._line(b2a_base64(audio.reveal(), newline=False))

    def times(self, part: AlignmentPart | VoiceRun) -> None:
        """Remember times for the next line."""
        self._times.add(part)
        self._has_times = True

    def end(self) -> bytes:
        """Return times that no audio followed."""
        return self._line(b"") if self._has_times else b""

    def _line(self, audio_base64: bytes) -> bytes:
        self._has_times = False
        return b'{"audio_base64":"' + audio_base64 + b'",' + msgspec.json.encode(self._times.take())[1:] + b"\n"
