"""What every start does before the vault serves: finish what a crash left half done.

Objects without an item, keys without an item, items without a key, and whatever the erasure ledger names: all of it
is taken away. What was acknowledged has all its parts and is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from echoless.core.journal import Event, Journal
from echoless.vault.stores.erasing import delete_item_rows, destroy_keys, half_deleted, stored_of, with_row
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

_BATCH: Final = 500


async def sweep(storage: Storage, journal: Journal) -> int:
    """Take leftovers away; return of how many items.

    raises: EcholessError(INTERNAL_ERROR) when a step fails; the vault must not serve then
    """
    count = await storage.writer.run(lambda connections: _sweep(storage, connections))
    if count:
        journal.say(Event.SWEPT, count=count)
    return count


def _sweep(storage: Storage, connections: Connections) -> int:
    gone: set[str] = set(half_deleted(connections))
    for batch in storage.ledger.batches():
        gone |= set(stored_of(connections, batch))
    if gone:
        ordered = sorted(gone)
        destroy_keys(connections, ordered)
        delete_item_rows(connections, ordered)
    for batch in _batches(storage.segments.item_ids()):
        orphans = set(batch) - with_row(connections, batch)
        for item_id in orphans:
            storage.segments.delete_item(item_id)
        gone |= orphans
    return len(gone)


def _batches(item_ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(item_ids, _BATCH)):
        yield batch
