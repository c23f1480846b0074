"""A recogniser of live audio that hears how many bytes it was given, at the far end of a link."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from echoless.crossing.link import Link
from echoless.crossing.live_records import (
    LIVE_RECORDS,
    Commit,
    CommitCause,
    CommitRefused,
    CommittedText,
    Listen,
    ListeningEnded,
    PartialText,
)
from echoless.crossing.media_records import (
    KIND_INPUT_AUDIO,
    MEDIA_RECORDS,
    EndInput,
    InputCredit,
    TranscriptWord,
    WordKind,
)
from echoless.crossing.records import Cancel, core_registry
from echoless.crossing.wire import Frame


@dataclass
class LiveSeen:
    """One session as the recogniser saw it."""

    order: Listen
    audio: bytearray = field(default_factory=bytearray)
    frame_bytes: list[int] = field(default_factory=list)
    uncommitted_bytes: int = 0
    is_cancelled: bool = False
    is_ended: bool = False


class FakeLive:
    """Says how many bytes it has heard; commits them as one word.

    is_deaf:     hears nothing and credits nothing
    refusal:     what it answers commits with; empty commits
    error_code:  ends each session with it, at its first audio
    """

    def __init__(self) -> None:
        self.is_deaf = False
        self.refusal = ""
        self.error_code = ""
        self.sessions: list[LiveSeen] = []
        self.links: list[Link] = []
        self._by_number: dict[tuple[Link, int], LiveSeen] = {}

    async def connect(self) -> socket.socket:
        """Return the gateway's end of a new link."""
        ours, theirs = socket.socketpair()
        registry = core_registry(LIVE_RECORDS, MEDIA_RECORDS)
        self.links.append(await Link.open(ours, registry, on_frame=self._on_frame))
        return theirs

    def _on_frame(self, link: Link, frame: Frame) -> None:
        number = frame.header.correlation
        if frame.header.kind == KIND_INPUT_AUDIO:
            assert frame.header.is_content
            self._hear(link, number, frame.payload)
            return
        record = link.registry.decode(frame)
        if isinstance(record, Listen):
            self._by_number[link, number] = LiveSeen(record)
            self.sessions.append(self._by_number[link, number])
            return
        seen = self._by_number[link, number]
        if isinstance(record, Cancel):
            seen.is_cancelled = True
        elif isinstance(record, Commit):
            self._commit(link, number, seen)
        elif isinstance(record, EndInput):
            seen.is_ended = True
            link.post(ListeningEnded("", 0), correlation=number)

    def _hear(self, link: Link, number: int, audio: bytes) -> None:
        seen = self._by_number[link, number]
        seen.audio += audio
        seen.frame_bytes.append(len(audio))
        seen.uncommitted_bytes += len(audio)
        if self.error_code:
            link.post(ListeningEnded(self.error_code, 0), correlation=number)
        elif not self.is_deaf:
            link.post(InputCredit(len(audio)), correlation=number)
            link.post(PartialText(f"{seen.uncommitted_bytes} bytes"), correlation=number)

    def _commit(self, link: Link, number: int, seen: LiveSeen) -> None:
        if self.refusal:
            link.post(CommitRefused(self.refusal), correlation=number)
            return
        text = f"bytes{seen.uncommitted_bytes}"
        end_s = len(seen.audio) / 32000
        word = TranscriptWord(text, WordKind.WORD, end_s - seen.uncommitted_bytes / 32000, end_s, -0.1)
        seen.uncommitted_bytes = 0
        link.post(CommittedText(CommitCause.MANUAL, text, "en", [word]), correlation=number)
