"""Which classes time takes away, and by which steps: for the schedule."""

from __future__ import annotations

from dataclasses import dataclass

from echoless.retention.schedule import Kept
from echoless.vault.erasure.items import erase_items
from echoless.vault.erasure.schedule import Ageing
from echoless.vault.stores import ageing
from echoless.vault.stores.log_entries import LogName, entries_of_items
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writer import Connections

_JOB_ROW_DAYS = 30


@dataclass(frozen=True, slots=True)
class Lives:
    """The days that the operator set; -1 is for ever, and 0 of a log with content is never written."""

    history_days: int
    request_log_days: int
    debug_log_days: int
    moderation_log_days: int


def ageing_classes(storage: Storage, recent: RecentRequests, lives: Lives) -> list[Ageing]:
    """Return all classes with their lives and their steps."""

    def delete_items(connections: Connections, before_ms: int) -> int:
        item_ids = ageing.items_before(connections, before_ms)
        recent.forget_items(frozenset(item_ids))
        wishing = [
            each.workspace_id for each in tuple(storage.accounts.workspaces.values()) if each.erase_logs_with_item
        ]
        entry_ids = entries_of_items(connections, item_ids, wishing) if wishing else []
        erase_items(storage, connections, [*item_ids, *entry_ids])
        return len(item_ids)

    return [
        Ageing(Kept.HISTORY, lives.history_days, delete_items, ageing.oldest_item_ms),
        Ageing(Kept.REQUEST_LOG, lives.request_log_days, ageing.delete_requests, ageing.oldest_request_ms),
        _log(Kept.DEBUG_LOG, lives.debug_log_days, LogName.DEBUG),
        _log(Kept.MODERATION_LOG, lives.moderation_log_days, LogName.MODERATION),
        Ageing(Kept.DELIVERIES, lives.request_log_days, ageing.delete_deliveries, ageing.oldest_delivery_ms),
        Ageing(Kept.JOBS, _JOB_ROW_DAYS, ageing.delete_ended_jobs, ageing.oldest_ended_job_ms),
    ]


def _log(kept: Kept, days: int, log: LogName) -> Ageing:
    return Ageing(kept, days, ageing.delete_entries_of(log), ageing.oldest_entry_of(log))
