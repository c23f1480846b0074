"""(9) Deleting items: the key first, then everything else, and nothing of them in any file afterwards.

The ids go into the erasure ledger before anything is destroyed. Whatever a crash leaves half done is finished at
the next start, and a restored older copy is brought to the same state before it may serve.
"""

from __future__ import annotations

from collections.abc import Sequence

from echoless.core.clock import Clock
from echoless.core.journal import Event, Journal
from echoless.vault.stores.erasing import delete_item_rows, destroy_keys, places_of
from echoless.vault.stores.log_entries import entries_of_items
from echoless.vault.stores.migration import drop_copies
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writer import Connections


class Eraser:
    """Deletes items of one vault."""

    def __init__(self, storage: Storage, recent: RecentRequests, clock: Clock, journal: Journal) -> None:
        self._storage = storage
        self._recent = recent
        self._clock = clock
        self._journal = journal

    async def delete_item(self, workspace_id: str, item_id: str, actor_id: str) -> bool:
        """Delete one item of a workspace's history; False where it has none of that id.

        raises: EcholessError(INTERNAL_ERROR) when a step failed; the next start finishes what was begun
        """
        return await self._delete(workspace_id, item_id, actor_id, is_transcript=False)

    async def delete_transcript(self, workspace_id: str, transcript_id: str, actor_id: str) -> bool:
        """Delete one transcript of a workspace with its recording; otherwise as `delete_item`."""
        return await self._delete(workspace_id, transcript_id, actor_id, is_transcript=True)

    async def _delete(self, workspace_id: str, item_id: str, actor_id: str, *, is_transcript: bool) -> bool:
        found = await self._storage.read(
            lambda reader: reader.sequence_of(workspace_id, item_id, is_transcript=is_transcript)
        )
        if found is None:
            return False
        activity = "transcript.delete" if is_transcript else "history.delete"
        await self._erase_noted(workspace_id, item_id, actor_id, activity)
        return True

    async def delete_webhook(self, workspace_id: str, webhook_id: str, actor_id: str) -> bool:
        """Delete a webhook, which exists; otherwise as `delete_item`."""
        await self._erase_noted(workspace_id, webhook_id, actor_id, "webhook.delete")
        return True

    async def _erase_noted(self, workspace_id: str, item_id: str, actor_id: str, activity: str) -> None:
        await self._storage.writer.now(audit_row(self._clock, workspace_id, actor_id, activity, item_id))
        await self.erase_of(workspace_id, [item_id])

    async def erase_of(self, workspace_id: str, item_ids: Sequence[str]) -> None:
        """Erase items of a workspace, with their entries in the debug and moderation logs where it wishes so; else
        those live on by their own schedules.
        """
        entry_ids: list[str] = []
        workspace = self._storage.accounts.workspaces.get(workspace_id)
        if workspace is not None and workspace.erase_logs_with_item:
            # Entries are written behind; those of these items are there by now.
            await self._storage.writer.flush()
            entry_ids = await self._storage.writer.run(
                lambda connections: entries_of_items(connections, item_ids, [workspace_id])
            )
        await self.erase([*item_ids, *entry_ids])

    async def erase(self, item_ids: Sequence[str]) -> None:
        """Erase items, known to exist or not."""
        self._recent.forget_items(frozenset(item_ids))
        await self._storage.writer.run(lambda connections: erase_items(self._storage, connections, item_ids))
        self._journal.say(Event.ITEM_ERASED, count=len(item_ids))


def erase_items(storage: Storage, connections: Connections, item_ids: Sequence[str]) -> None:
    """Erase in the writer's thread: ledger, keys, rows, objects, copies of an older version."""
    if not item_ids:
        return
    storage.ledger.append(item_ids, places_of(connections, item_ids))
    destroy_keys(connections, item_ids)
    delete_item_rows(connections, item_ids)
    for item_id in item_ids:
        storage.segments.delete_item(item_id)
    drop_copies(storage.directory)
