"""The one writer: rows that may wait are written behind, rows that must not are committed in groups.

While one group is being committed the next one gathers. Keys are committed before the items that they open, and
nobody is told before both are. When a group fails, whoever waits for it is told so, rows that may wait stay, and
the writer tries again every second; nothing is ever half there. A connection may end while a commit is answered,
and then nobody knows whether it came to be: items of a group that failed are taken back, whole, by the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.drafts import ItemDraft, ItemFacts, seal_draft
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.segments import Part, Segments
from echoless.vault.stores.writing import Row, Write, execute_group

BEHIND_S: Final = 0.08
_RETRY_S: Final = 1.0
_BEHIND_ROWS_MAX: Final = 20_000
T = TypeVar("T")


@dataclass(slots=True)
class _Batch:
    """What the next group will hold."""

    rows: dict[Write, list[Row]] = field(default_factory=dict)
    meters: dict[str, Row] = field(default_factory=dict)
    items: list[tuple[ItemDraft, ItemFacts, asyncio.Future[None]]] = field(default_factory=list)
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    row_count: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.row_count or self.meters or self.items or self.waiters)

    def add(self, kind: Write, row: Row) -> None:
        self.rows.setdefault(kind, []).append(row)
        self.row_count += 1


class Connections:
    """The writer's two connections, used in its thread only."""

    def __init__(self, vault: sa.Connection, keys: sa.Connection) -> None:
        self.vault = vault
        self.keys = keys

    def close(self) -> None:
        """Close both."""
        self.vault.close()
        self.keys.close()


class Writer:
    """Accepts rows from the loop and writes them in a thread of its own, in order.

    take_back:  removes keys and rows of items that nobody was told of
    is_failing: the last group failed and none has succeeded since
    """

    def __init__(
        self,
        connections: Connections,
        keyring: Keyring,
        segments: Segments,
        thread: Executor,
        take_back: Callable[[Connections, list[str]], None],
    ) -> None:
        self._take_rows_back = take_back
        self._connections = connections
        self._keyring = keyring
        self._segments = segments
        self._thread = thread
        self._batch = _Batch()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._in_doubt: set[str] = set()
        self.is_failing = False
        self.group_count = 0
        self.dropped_count = 0
        self.pending_segment_bytes = 0

    def start(self) -> None:
        """Begin to write."""
        self._loop_task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Write what is left, then end."""
        self._is_stopping = True
        self._wake.set()
        if self._loop_task is not None:
            await self._loop_task

    # --- rows that may wait ---

    def later(self, kind: Write, row: Row) -> None:
        """Write a row within about 80 ms. Over a bound of rows that wait in vain it is dropped and counted."""
        self.later_together((kind, row))

    def later_together(self, *rows: tuple[Write, Row]) -> None:
        """Write rows within about 80 ms, all of them or none."""
        if self._batch.row_count >= _BEHIND_ROWS_MAX:
            self.dropped_count += len(rows)
            return
        for kind, row in rows:
            self._batch.add(kind, row)
        self._wake_within(BEHIND_S)

    def meter_later(self, owner_id: str, character_count: int, resets_unix: int) -> None:
        """Write the newest state of a counter within about 80 ms."""
        self._batch.meters[owner_id] = {
            "owner_id": owner_id, "character_count": character_count, "resets_unix": resets_unix,
        }  # fmt: skip
        self._wake_within(BEHIND_S)

    # --- rows that somebody waits for ---

    async def now(self, *rows: tuple[Write, Row]) -> None:
        """Write rows and return when they are committed.

        raises: EcholessError(STORE_UNAVAILABLE) when they could not be; none of them will be there then
        """
        waiter = self._waiter()
        for kind, row in rows:
            self._batch.add(kind, row)
        self._batch.waiters.append(waiter)
        self._wake.set()
        await waiter

    async def flush(self) -> None:
        """Return when everything handed over so far is committed."""
        await self.now()

    async def commit_item(self, draft: ItemDraft, facts: ItemFacts) -> None:
        """Seal and commit an item: last segment, key, row, in this order; returns when all are there.

        raises: EcholessError(STORE_UNAVAILABLE) when it is not kept
        """
        waiter = self._waiter()
        self._batch.items.append((draft, facts, waiter))
        self._wake.set()
        await waiter

    def put_segment(self, draft: ItemDraft, part: Part, index: int, data: bytes, done: Callable[[], None]) -> None:
        """Seal and store a segment behind; a failure marks the draft. `done` is called in the loop."""
        self.pending_segment_bytes += len(data)

        def finish(future: asyncio.Future[None]) -> None:
            self.pending_segment_bytes -= len(data)
            draft.has_failed = draft.has_failed or future.exception() is not None
            done()

        loop = asyncio.get_running_loop()
        put = partial(self._segments.put, draft.sealer, draft.item_id, part, index, data)
        stored = loop.run_in_executor(self._thread, put)
        stored.add_done_callback(finish)

    def drop_segments(self, draft: ItemDraft) -> None:
        """Remove what was stored of a draft that makes no item; what this misses, the next start sweeps."""
        # An item in doubt may have a row; it stays whole until the next group takes all of it back.
        if draft.has_segments and draft.item_id not in self._in_doubt:
            self._thread.submit(self._segments.delete_item, draft.item_id)

    async def run(self, step: Callable[[Connections], T]) -> T:
        """Run a step of its own in the writer's thread, between two groups.

        raises: EcholessError(STORE_UNAVAILABLE) when the database or the file system refuses
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, step, self._connections)
        except (sa.exc.SQLAlchemyError, OSError):
            pass
        raise _not_written()

    # --- inner ---

    def _waiter(self) -> asyncio.Future[None]:
        if self._is_stopping:
            raise _not_written()
        return asyncio.get_running_loop().create_future()

    def _wake_within(self, seconds: float) -> None:
        if self._timer is None and not self._wake.is_set():
            self._timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if not self._batch.is_empty:
                await self._write_batch()
            if self._is_stopping and (self._batch.is_empty or self.is_failing):
                return

    async def _write_batch(self) -> None:
        batch, self._batch = self._batch, _Batch()
        loop = asyncio.get_running_loop()
        in_doubt = sorted(self._in_doubt)
        try:
            if in_doubt:
                await loop.run_in_executor(self._thread, self._take_back, in_doubt)
                self._in_doubt.difference_update(in_doubt)
            failed = await loop.run_in_executor(self._thread, self._commit, batch)
        except (sa.exc.SQLAlchemyError, OSError, EcholessError):
            failed = None
        self.is_failing = failed is None
        if failed is None:
            self._in_doubt |= {facts.item_id for _draft, facts, _waiter in batch.items}
            self._in_doubt |= {row["item_id"] for row in batch.rows.get(Write.ITEM_KEY, [])}
            self._keep_for_later(batch)
        self.group_count += 1
        for _draft, facts, waiter in batch.items:
            _settle(waiter, is_done=failed is not None and facts.item_id not in failed)
        for waiter in batch.waiters:
            _settle(waiter, is_done=failed is not None)

    def _commit(self, batch: _Batch) -> frozenset[str]:
        """Write one group, in the writer's thread; return the ids of items that could not be sealed."""
        rows = {kind: list(found) for kind, found in batch.rows.items()}
        if batch.meters:
            rows[Write.METER] = list(batch.meters.values())
        failed = set()
        for draft, facts, _waiter in batch.items:
            try:
                if draft.has_failed:
                    raise _not_written()
                key, item, alignments = seal_draft(draft, facts, self._keyring, self._segments)
            except EcholessError:
                failed.add(facts.item_id)
                continue
            rows.setdefault(Write.ITEM_KEY, []).append(key)
            rows.setdefault(Write.HISTORY_ITEM, []).append(item)
            rows.setdefault(Write.HISTORY_ALIGNMENT, []).extend(alignments)
        execute_group(self._connections.keys, rows, are_keys=True)
        execute_group(self._connections.vault, rows, are_keys=False)
        return frozenset(failed)

    def _take_back(self, item_ids: list[str]) -> None:
        """Remove whatever there is of items that nobody was told of, in the writer's thread."""
        self._take_rows_back(self._connections, item_ids)
        for item_id in item_ids:
            # An object store that is down tries again by itself, and the next start sweeps: there is no row.
            with suppress(EcholessError):
                self._segments.delete_item(item_id)

    def _keep_for_later(self, batch: _Batch) -> None:
        """Keep rows that may wait after a failed group; what somebody waited for is dropped, they are told."""
        for kind in (Write.REQUEST_LOG, Write.USAGE):
            for row in batch.rows.get(kind, []):
                self.later(kind, row)
        # Their keys may be there already, so they cannot be written again; the next start sweeps those.
        self.dropped_count += len(batch.rows.get(Write.LOG_ENTRY, []))
        self._batch.meters = batch.meters | self._batch.meters
        # One row at least, so that the next group finds out whether the store works again.
        self._batch.rows[Write.FACT] = [{"name": "last_failure", "value": "write"}]
        self._batch.row_count += 1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_RETRY_S, self._wake.set)


def _settle(waiter: asyncio.Future[None], *, is_done: bool) -> None:
    if waiter.done():
        return
    if is_done:
        waiter.set_result(None)
    else:
        waiter.set_exception(_not_written())


def _not_written() -> EcholessError:
    return EcholessError(ErrorCode.STORE_UNAVAILABLE, "the vault could not write")
