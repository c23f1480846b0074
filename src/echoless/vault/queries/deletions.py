"""(queries) Deleting many items: begun by a workspace or the operator, and how far it is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from echoless.crossing.records import Record
from echoless.vault.erasure.bulk import BulkEraser, Wanted
from echoless.vault.stores.accounts import Accounts, Caller
from echoless.vault.stores.drafts import CONVERTED_SOURCE, SPOKEN_SOURCE
from echoless.vault.stores.jobs import Job, JobState
from echoless.vault.stores.trail import OPERATOR

Act = Callable[[Any], Awaitable[Record]]
_SOURCES: Final = frozenset({"", SPOKEN_SOURCE, CONVERTED_SOURCE})
# What a filter names becomes part of a job's row: words of our form only, never content.
_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{0,64}")


class DeletionQueries:
    """Answers questions about deletions of many items."""

    def __init__(self, accounts: Accounts, eraser: BulkEraser) -> None:
        self._accounts = accounts
        self._eraser = eraser

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {DeleteMany: self._operator_begins, GetDeletionProgress: self._operator_looks}

    async def begin(self, caller: Caller, record: DeleteMany) -> DeletionProgress:
        """Begin to delete."""
        return await self._begin(caller.workspace_id, caller.key_id, record)

    async def show(self, caller: Caller, record: GetDeletionProgress) -> DeletionProgress:
        """Return how far a deletion is."""
        return _progress(await self._eraser.show(caller.workspace_id, record.job_id))

    async def _operator_begins(self, record: DeleteMany) -> DeletionProgress:
        self._check_exists(record.workspace_id)
        return await self._begin(record.workspace_id, OPERATOR, record)

    async def _operator_looks(self, record: GetDeletionProgress) -> DeletionProgress:
        self._check_exists(record.workspace_id)
        return _progress(await self._eraser.show(record.workspace_id, record.job_id))

    async def _begin(self, workspace_id: str, actor_id: str, record: DeleteMany) -> DeletionProgress:
        for param, word in (("voice_id", record.voice_id), ("model_id", record.model_id)):
            if _WORD.fullmatch(word) is None:
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, "No item has such a value.", param=param)
        if record.source not in _SOURCES:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "No item has this source.", param="source")
        wanted = Wanted(
            item_ids=record.item_ids, voice_id=record.voice_id, model_id=record.model_id, source=record.source,
            before_unix=record.before_unix, after_unix=record.after_unix,
        )  # fmt: skip
        return _progress(await self._eraser.begin(workspace_id, actor_id, wanted))

    def _check_exists(self, workspace_id: str) -> None:
        if workspace_id not in self._accounts.workspaces:
            raise EcholessError(ErrorCode.NOT_FOUND, "no workspace has this id")


def _progress(job: Job) -> DeletionProgress:
    is_done = job.state is JobState.DONE
    return DeletionProgress(job.job_id, is_done, job.done_count, job.total_count)
