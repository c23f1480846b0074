"""What every start does before the vault serves: finish what a crash left half done.

Objects without an item, keys without an item, items without a key, and whatever the erasure ledger names: all of it
is taken away. What was acknowledged has all its parts and is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from echoless.core.journal import Event, Journal
from echoless.vault.stores.erasing import delete_item_rows, destroy_keys, half_deleted, keyed_of, with_row
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
    """Take leftovers away in lists of bounded length: a million items are no reason for a million ids in memory."""
    count = 0
    named = (keyed_of(connections, batch) for batch in storage.ledger.batches())
    for gone in chain(half_deleted(connections), named):
        if gone:
            destroy_keys(connections, gone)
            delete_item_rows(connections, gone)
            for item_id in gone:
                storage.segments.delete_item(item_id)
            count += len(gone)
    for batch in _batches(storage.segments.item_ids()):
        orphans = set(batch) - with_row(connections, batch)
        for item_id in orphans:
            storage.segments.delete_item(item_id)
        count += len(orphans)
    return count


def _batches(item_ids: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(item_ids, _BATCH)):
        yield batch
