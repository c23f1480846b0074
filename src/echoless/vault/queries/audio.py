"""(queries) Kept audio, streamed: at most a window ahead of the client, one segment in memory at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.link import Link
from echoless.crossing.query_records import ItemAudio, ReadItemAudio
from echoless.crossing.records import KIND_AUDIO, Record, Refused
from echoless.vault.stores.history import HistoryReader, StoredItem
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.storage import Storage

_FRAME_BYTES: Final = 64 * 1024
_WINDOW_BYTES_MIN: Final = 64 * 1024
_WINDOW_BYTES_MAX: Final = 4 * 1024 * 1024
NOT_FOUND: Final = Refused(
    code=ErrorCode.HISTORY_ITEM_NOT_FOUND.value, message="There is no history item with this id."
)
_BROKEN_OFF: Final = Refused(code=ErrorCode.INTERNAL_ERROR.value, message="The audio could not be read to its end.")


class AudioRead:
    """One reading of one item's audio, fed by credit."""

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

    async def run(self, workspace_id: str, record: ReadItemAudio) -> None:
        """Send head and audio; a failure after the head is a Refused in place of the next frame."""
        self._window_bytes = min(max(record.window_bytes, _WINDOW_BYTES_MIN), _WINDOW_BYTES_MAX)
        answer: Record = NOT_FOUND
        try:
            found = await self._storage.read(lambda reader: _find(reader, workspace_id, record.item_id))
            if found is not None:
                await self._send(*found)
                return
        except EcholessError:
            answer = _BROKEN_OFF
        if not self._link.is_closed:
            self._link.post(answer, correlation=self._correlation)

    async def _send(self, item: StoredItem, sealer: ItemSealer) -> None:
        facts, head = item.facts, item.head
        first = ItemAudio(facts.item_id, facts.output_format, head.audio_bytes)
        self._link.post(first, correlation=self._correlation)
        for index in range(head.segment_count):
            segment = await self._storage.read(_segment_step(sealer, facts.item_id, index))
            for start in range(0, len(segment), _FRAME_BYTES):
                await self._send_frame(segment[start : start + _FRAME_BYTES])

    async def _send_frame(self, audio: bytes) -> None:
        while self._window_bytes <= 0:
            self._credited.clear()
            await self._credited.wait()
        self._window_bytes -= len(audio)
        self._link.post_content(KIND_AUDIO, audio, correlation=self._correlation)
        await self._link.drain()


def _segment_step(sealer: ItemSealer, item_id: str, index: int) -> Callable[[HistoryReader], bytes]:
    return lambda reader: reader.segment(sealer, item_id, index)


def _find(reader: HistoryReader, workspace_id: str, item_id: str) -> tuple[StoredItem, ItemSealer] | None:
    item = reader.get(workspace_id, item_id)
    sealer = reader.sealer(workspace_id, item_id) if item is not None else None
    return (item, sealer) if item is not None and sealer is not None else None
