"""(queries) Kept audio, recordings and transcripts, streamed: at most a window ahead of the client, one segment in
memory at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import is_opaque_id
from echoless.crossing.kept_records import (
    InputAudio,
    KeptTranscript,
    ReadInputAudio,
    ReadTranscript,
    ReadTranscriptAudio,
)
from echoless.crossing.link import Link
from echoless.crossing.query_records import ItemAudio, ReadItemAudio
from echoless.crossing.records import KIND_AUDIO, Record, Refused
from echoless.vault.stores.history import HistoryReader, StoredItem
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.segments import Part
from echoless.vault.stores.storage import Storage

StreamedQuestion = ReadItemAudio | ReadInputAudio | ReadTranscriptAudio | ReadTranscript
"""Questions that are answered by a head and raw bytes."""
STREAMED_QUESTIONS: Final = (ReadItemAudio, ReadInputAudio, ReadTranscriptAudio, ReadTranscript)
_FRAME_BYTES: Final = 64 * 1024
_WINDOW_BYTES_MIN: Final = 64 * 1024
_WINDOW_BYTES_MAX: Final = 4 * 1024 * 1024
NOT_FOUND: Final = Refused(
    code=ErrorCode.HISTORY_ITEM_NOT_FOUND.value, message="There is no history item with this id."
)
NO_TRANSCRIPT: Final = Refused(
    code=ErrorCode.TRANSCRIPT_NOT_FOUND.value, message="There is no transcript with this id."
)
_BROKEN_OFF: Final = Refused(code=ErrorCode.INTERNAL_ERROR.value, message="It could not be read to its end.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which part of which item is to be sent."""

    item_id: str
    part: Part
    is_transcript: bool

    @property
    def not_found(self) -> Refused:
        """The answer where there is none."""
        return NO_TRANSCRIPT if self.is_transcript else NOT_FOUND

    def head(self, item: StoredItem) -> Record | None:
        """Return what goes before the bytes, or None where the item has no such part."""
        head = item.head
        if self.part is Part.AUDIO:
            return ItemAudio(self.item_id, item.facts.output_format, head.audio_bytes)
        if self.part is Part.TRANSCRIPT:
            return KeptTranscript(self.item_id, head.transcript_bytes)
        if not head.input_segment_count:
            return None
        return InputAudio(self.item_id, head.input_media_type, head.input_bytes)


class StreamedRead:
    """One reading of a part of one item, fed by credit."""

    def __init__(self, storage: Storage, link: Link, correlation: int) -> None:
        self._storage = storage
        self._link = link
        self._correlation = correlation
        self._window_bytes = 0
        self._credited = asyncio.Event()

    def credit(self, taken_bytes: int) -> None:
        """Take note that the client has taken so much."""
        self._window_bytes += taken_bytes
        self._credited.set()

    async def run(self, workspace_id: str, record: StreamedQuestion) -> None:
        """Send head and bytes; a failure after the head is a Refused in place of the next frame."""
        self._window_bytes = min(max(record.window_bytes, _WINDOW_BYTES_MIN), _WINDOW_BYTES_MAX)
        wanted = _wanted(record)
        answer: Record = wanted.not_found
        try:
            found = await self._find(workspace_id, wanted)
            first = wanted.head(found[0]) if found is not None else None
            if found is not None and first is not None:
                self._link.post(first, correlation=self._correlation)
                await self._send(*found, wanted.part)
                return
        except EcholessError:
            answer = _BROKEN_OFF
        if not self._link.is_closed:
            self._link.post(answer, correlation=self._correlation)

    async def _find(self, workspace_id: str, wanted: _Wanted) -> tuple[StoredItem, ItemSealer] | None:
        if not is_opaque_id(wanted.item_id):
            return None

        def step(reader: HistoryReader) -> tuple[StoredItem, ItemSealer] | None:
            item = reader.get(workspace_id, wanted.item_id, is_transcript=wanted.is_transcript)
            sealer = reader.sealer(workspace_id, wanted.item_id) if item is not None else None
            return (item, sealer) if item is not None and sealer is not None else None

        return await self._storage.read(step)

    async def _send(self, item: StoredItem, sealer: ItemSealer, part: Part) -> None:
        for index in range(item.head.segment_count_of(part)):
            segment = await self._storage.read(_segment_step(sealer, item.facts.item_id, part, index))
            for start in range(0, len(segment), _FRAME_BYTES):
                await self._send_frame(segment[start : start + _FRAME_BYTES])

    async def _send_frame(self, data: bytes) -> None:
        while self._window_bytes <= 0:
            self._credited.clear()
            await self._credited.wait()
        self._window_bytes -= len(data)
        self._link.post_content(KIND_AUDIO, data, correlation=self._correlation)
        await self._link.drain()


def _wanted(record: StreamedQuestion) -> _Wanted:
    match record:
        case ReadItemAudio():
            return _Wanted(record.item_id, Part.AUDIO, is_transcript=False)
        case ReadInputAudio():
            return _Wanted(record.item_id, Part.INPUT, is_transcript=False)
        case ReadTranscriptAudio():
            return _Wanted(record.transcript_id, Part.INPUT, is_transcript=True)
        case ReadTranscript():
            return _Wanted(record.transcript_id, Part.TRANSCRIPT, is_transcript=True)


def _segment_step(sealer: ItemSealer, item_id: str, part: Part, index: int) -> Callable[[HistoryReader], bytes]:
    return lambda reader: reader.segment(sealer, item_id, part, index)
