"""(9) Deleting many items: a durable job that erases them in lists of bounded length, of each the keys first.

What is to go is settled when it is asked for: an item that is made while the job runs stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import is_opaque_id, new_opaque_id
from echoless.vault.erasure.items import Eraser
from echoless.vault.erasure.jobs import Jobs, Progress
from echoless.vault.stores.chosen import Chosen, chosen_items, count_chosen, newest_sequence
from echoless.vault.stores.jobs import Job
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row

JOB_KIND: Final = "history.delete"
STEP_ITEMS: Final = 250
"""How many items one step erases; the writer is busy with it for some ten milliseconds."""
NAMED_MAX: Final = 1000
WAITING_MAX: Final = 16
_FIRST_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deleted: the named items, or all that every filter lets through.

    item_ids: empty for a deletion by filters
    before_unix, after_unix: exclusive and inclusive; 0 for no bound
    """

    item_ids: Sequence[str] = ()
    voice_id: str = ""
    model_id: str = ""
    source: str = ""
    before_unix: int = 0
    after_unix: int = 0


class BulkEraser:
    """Begins, runs and shows deletions of many items."""

    def __init__(self, storage: Storage, eraser: Eraser, jobs: Jobs, clock: Clock) -> None:
        self._storage = storage
        self._eraser = eraser
        self._jobs = jobs
        self._clock = clock
        jobs.register(JOB_KIND, self._step)

    async def begin(self, workspace_id: str, actor_id: str, wanted: Wanted) -> Job:
        """Begin to delete; a small deletion is done when this returns.

        raises: EcholessError(INVALID_PARAMETERS) for too many named items; EcholessError(CONCURRENT_LIMIT_EXCEEDED)
                where too many deletions of the workspace wait
        """
        if len(wanted.item_ids) > NAMED_MAX:
            message = f"At most {NAMED_MAX} items are named at once."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="history_item_ids")
        if len(self._jobs.waiting(JOB_KIND, workspace_id)) >= WAITING_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many deletions are waiting.")
        named = [item_id for item_id in dict.fromkeys(wanted.item_ids) if is_opaque_id(item_id)]
        chosen = Chosen(
            workspace_id=workspace_id, item_ids=named,
            voice_id=wanted.voice_id, model_id=wanted.model_id, source=wanted.source,
            before_ms=wanted.before_unix * 1000, after_ms=wanted.after_unix * 1000,
            is_named=bool(wanted.item_ids),
        )  # fmt: skip
        newest = await self._storage.read(lambda reader: newest_sequence(reader.vault))
        total = await self._storage.read(lambda reader: count_chosen(reader.vault, chosen, newest))
        job_id = new_opaque_id()
        job = await self._jobs.begin(
            JOB_KIND, workspace_id, facts=chosen.facts() | {"newest": newest}, total_count=total, job_id=job_id,
            beside=[audit_row(self._clock, workspace_id, actor_id, "history.delete_many", job_id)],
        )  # fmt: skip
        return await self.show(workspace_id, job.job_id)

    async def show(self, workspace_id: str, job_id: str) -> Job:
        """Take a few steps, if nobody else is at it, and return how far the deletion is.

        raises: EcholessError(NOT_FOUND) where the workspace has no deletion of this id
        """
        found = await self._jobs.find(workspace_id, job_id)
        if found is not None and found.kind == JOB_KIND:
            await self._jobs.push(job_id, _FIRST_STEPS)
            found = await self._jobs.find(workspace_id, job_id)
        if found is None or found.kind != JOB_KIND:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no deletion with this id.")
        return found

    async def _step(self, job: Job) -> Progress:
        chosen = Chosen.from_facts(job.workspace_id, job.facts)
        after, newest = int(job.cursor or 0), job.facts["newest"]
        assert isinstance(newest, int)
        found = await self._storage.read(
            lambda reader: chosen_items(reader.vault, chosen, after, newest, STEP_ITEMS)
        )
        if not found:
            return Progress(job.cursor, is_done=True)
        await self._eraser.erase_of(job.workspace_id, [item_id for _, item_id in found])
        return Progress(str(found[-1][0]), len(found), is_done=len(found) < STEP_ITEMS)
