"""(9) The end of an account: asked for, waited for, then everything of it destroyed, counted and certified.

The line in the erasure ledger is the point of no return: before it nothing has happened, after it nobody of the
workspace may ask for anything, also not in the next process or in a restored copy. The workspace's key goes next,
so that nothing which was sealed can be opened while the rest is taken away in small steps. The certificate is
signed only when a census of every store has found nothing left.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.core.journal import Event, Journal
from echoless.receipts.certificate import CertificateSigner
from echoless.vault.erasure.jobs import Jobs, Progress
from echoless.vault.stores.census import by_class, count_rows
from echoless.vault.stores.deletions import (
    AccountDeletion,
    Certificates,
    DeletionState,
    deletion_row,
    load_deletions,
    remove_deletions,
)
from echoless.vault.stores.jobs import Job
from echoless.vault.stores.migration import drop_copies
from echoless.vault.stores.purging import (
    destroy_workspace_key,
    present_workspaces,
    purge_items,
    purge_rows,
    truncate_logs,
)
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writer import Connections
from echoless.vault.stores.writing import Row, Write

JOB_KIND: Final = "account.delete"
BACKUP_DAYS: Final = 30
OWNER: Final = "owner"
OPERATOR_WORD: Final = "operator"
CODE_LIFE_S: Final = 3600
CODE_TRIES: Final = 5
_DAY_S: Final = 86_400
_ITEMS: Final = "items"
_ROWS: Final = "rows"
_TURNS_A_STEP: Final = 10
_LEFT: Final = ("certificate", "erasure_ledger_ids")
"""What an account's deletion leaves behind, by name."""
Retire = Callable[[str], Awaitable[None]]
"""Ends whatever a workspace has running and forgets it in memory; afterwards nobody of it is known."""
Enter = Callable[[str, str], Awaitable[None]]
"""Has the transparency log commit to a certificate, given its id; twice is as good as once."""


class AccountEraser:
    """Deletes whole accounts of one vault.

    requests: deletions that are asked for, by workspace
    """

    def __init__(
        self, storage: Storage, jobs: Jobs, clock: Clock, journal: Journal, *,
        signer: CertificateSigner, retire: Retire, wait_days: int, enter: Enter,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._jobs = jobs
        self._clock = clock
        self._journal = journal
        self._retire = retire
        self._enter = enter
        self._wait_s = wait_days * _DAY_S
        self.signer = signer
        self.certificates = Certificates(storage.directory)
        self.requests: dict[str, AccountDeletion] = {}
        jobs.register(JOB_KIND, self._step)

    async def load(self) -> None:
        """Take over what an earlier process left. Its jobs go on by themselves."""
        for deletion in await self._storage.read(lambda reader: load_deletions(reader.vault)):
            self.requests[deletion.workspace_id] = deletion

    async def replay(self) -> int:
        """Take away what a restored copy brought back of deleted accounts, before anybody is served; return of how
        many. A deletion that was under way goes on by itself.

        raises: EcholessError(INTERNAL_ERROR) when a step fails; the vault must not serve then
        """
        writer, segments, count = self._storage.writer, self._storage.segments, 0
        for batch in self._storage.ledger.workspaces():
            for workspace_id in await writer.run(partial(present_workspaces, workspace_ids=batch)):
                if self._goes_on(workspace_id):
                    continue
                await writer.run(partial(destroy_workspace_key, workspace_id=workspace_id))
                while await writer.run(partial(purge_items, segments=segments, workspace_id=workspace_id)):
                    pass
                while await writer.run(partial(purge_rows, workspace_id=workspace_id)):
                    pass
                await writer.run(truncate_logs)
                await self._remove(workspace_id)
                count += 1
        return count

    def _goes_on(self, workspace_id: str) -> bool:
        deletion = self.requests.get(workspace_id)
        if deletion is None:
            return False
        is_due = deletion.state is DeletionState.WAITING and deletion.due_unix <= self._now_unix()
        return is_due or deletion.state is DeletionState.ERASING

    async def _remove(self, workspace_id: str) -> None:
        await self._storage.writer.run(lambda stores: remove_deletions(stores.vault, workspace_id))
        self.requests.pop(workspace_id, None)

    def find(self, deletion_id: str) -> AccountDeletion | None:
        """Return a deletion that is not done, or None."""
        return next((each for each in self.requests.values() if each.deletion_id == deletion_id), None)

    # --- asking ---

    async def request(self, workspace_id: str, actor_id: str, requested_by: str) -> AccountDeletion:
        """Ask for a deletion that needs no further word. The operator's begins at once, an owner's after the
        waiting period.

        raises: EcholessError(NOT_FOUND) where there is no such workspace
        """
        self.check_exists(workspace_id)
        open_request = self.requests.get(workspace_id)
        if open_request is not None and open_request.state is not DeletionState.UNCONFIRMED:
            if requested_by == OWNER or open_request.due_unix <= self._now_unix():
                return open_request
            await self._drop(open_request)
        wait_s = self._wait_s if requested_by == OWNER else 0
        now = self._now_unix()
        deletion = AccountDeletion(
            deletion_id=new_opaque_id(), workspace_id=workspace_id, state=DeletionState.WAITING,
            requested_by=requested_by, requested_unix=now, due_unix=now + wait_s,
        )  # fmt: skip
        await self._jobs.begin(
            JOB_KIND, "", wait_ms=wait_s * 1000, job_id=deletion.deletion_id,
            beside=[
                (Write.ACCOUNT_DELETION, deletion_row(deletion)),
                audit_row(self._clock, workspace_id, actor_id, "workspace.delete", workspace_id),
            ],
        )  # fmt: skip
        # Not before it is committed: a store that refused has been asked for nothing. No step runs in between.
        self.requests[workspace_id] = deletion
        return deletion

    def prepare(self, workspace_id: str) -> tuple[AccountDeletion, str]:
        """Return a deletion that waits for a code, and the code; nothing is written.

        raises: EcholessError(NOT_FOUND) where there is no such workspace, EcholessError(INVALID_PARAMETERS) where
                its deletion is confirmed already
        """
        self.check_exists(workspace_id)
        found = self.requests.get(workspace_id)
        if found is not None and found.state is not DeletionState.UNCONFIRMED:
            message = "The deletion of this workspace is confirmed already."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
        code, now = new_opaque_id(), self._now_unix()
        deletion = AccountDeletion(
            deletion_id=new_opaque_id(), workspace_id=workspace_id, state=DeletionState.UNCONFIRMED,
            requested_by=OWNER, requested_unix=now, due_unix=now + CODE_LIFE_S,
            code_digest=self._storage.keyring.digest(code), code_tries=CODE_TRIES,
        )  # fmt: skip
        return deletion, code

    async def put_unconfirmed(self, deletion: AccountDeletion, *beside: tuple[Write, Row]) -> None:
        """Store a deletion that waits for its code, in the place of an older one, with other rows beside it."""
        if deletion.workspace_id in self.requests:
            await self._remove(deletion.workspace_id)
        await self._storage.writer.now(*beside, (Write.ACCOUNT_DELETION, deletion_row(deletion)))
        self.requests[deletion.workspace_id] = deletion

    async def confirm(self, workspace_id: str, code: str, actor_id: str) -> AccountDeletion:
        """Confirm a deletion by its code; after a few wrong ones it is worth nothing any more.

        raises: EcholessError(INVALID_CREDENTIALS) for a wrong or late code; the same where nothing was asked for
        """
        found = self.requests.get(workspace_id)
        if found is None or found.code_digest is None or not self._is_open(found):
            raise _wrong_code()
        if not hmac.compare_digest(found.code_digest, self._storage.keyring.digest(code)):
            counted = replace(found, code_tries=found.code_tries - 1)
            self.requests[workspace_id] = counted
            await self._storage.writer.now((Write.ACCOUNT_DELETION, deletion_row(counted)))
            raise _wrong_code()
        await self._remove(workspace_id)
        return await self.request(workspace_id, actor_id, OWNER)

    def _is_open(self, deletion: AccountDeletion) -> bool:
        """Whether a code may still be given. One from the future was made by a clock that has gone back since."""
        is_in_time = deletion.requested_unix <= self._now_unix() < deletion.due_unix
        return is_in_time and deletion.code_tries > 0

    async def cancel(self, workspace_id: str, actor_id: str) -> None:
        """Take a request back.

        raises: EcholessError(NOT_FOUND) where nothing was asked for, or erasing has begun
        """
        self.check_exists(workspace_id)
        deletion = self.requests.get(workspace_id)
        if deletion is None or deletion.state is DeletionState.ERASING:
            raise EcholessError(ErrorCode.NOT_FOUND, "No deletion of this workspace waits.")
        await self._drop(deletion)
        act = audit_row(self._clock, workspace_id, actor_id, "workspace.keep", workspace_id)
        await self._storage.writer.now(act)

    async def _drop(self, deletion: AccountDeletion) -> None:
        is_job = deletion.state is DeletionState.WAITING
        if is_job and not await self._jobs.cancel(deletion.deletion_id):
            raise EcholessError(ErrorCode.NOT_FOUND, "No deletion of this workspace waits.")
        await self._remove(deletion.workspace_id)

    def check_exists(self, workspace_id: str) -> None:
        """Raise where there is no such workspace, or none any more.

        raises: EcholessError(NOT_FOUND)
        """
        if workspace_id not in self._storage.accounts.workspaces:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no workspace with this id.")

    # --- erasing ---

    async def _step(self, job: Job) -> Progress:
        """Take one step; the cursor says in which part."""
        deletion = self.find(job.job_id)
        if deletion is None:
            return Progress(is_done=True)
        if not job.cursor:
            return await self._begin(deletion)
        count = 0
        for _ in range(_TURNS_A_STEP):
            turn = await self._turn(job.cursor, deletion.workspace_id)
            count += turn
            if not turn:
                return await self._next(job.cursor, deletion, count)
        return Progress(cursor=job.cursor, done_count=count)

    async def _begin(self, deletion: AccountDeletion) -> Progress:
        """Go past the point of no return. Every part may run twice."""
        workspace_id, writer = deletion.workspace_id, self._storage.writer
        await writer.run(lambda _: self._storage.ledger.append_workspace(workspace_id))
        await self._retire(workspace_id)
        await writer.flush()
        if deletion.state is not DeletionState.ERASING:
            counts = await writer.run(lambda stores: count_rows(stores.vault, stores.keys, workspace_id))
            deletion = replace(
                deletion, state=DeletionState.ERASING, began_unix=self._now_unix(), counts=by_class(counts)
            )
            await writer.now((Write.ACCOUNT_DELETION, deletion_row(deletion)))
            self.requests[workspace_id] = deletion
        await writer.run(lambda stores: self._destroy_key(stores, workspace_id))
        return Progress(cursor=_ITEMS, total_count=sum(deletion.counts.values()))

    def _destroy_key(self, stores: Connections, workspace_id: str) -> None:
        destroy_workspace_key(stores, workspace_id)
        drop_copies(self._storage.directory)

    async def _turn(self, part: str, workspace_id: str) -> int:
        """Delete a little in the writer's thread; return how much."""
        segments = self._storage.segments
        if part == _ITEMS:
            return await self._storage.writer.run(lambda stores: purge_items(stores, segments, workspace_id))
        return await self._storage.writer.run(lambda stores: purge_rows(stores, workspace_id))

    async def _next(self, part: str, deletion: AccountDeletion, count: int) -> Progress:
        """Go to the next part, or end."""
        if part == _ITEMS:
            return Progress(cursor=_ROWS, done_count=count)
        if not await self._certify(deletion):
            # Somebody still wrote: from the beginning.
            return Progress(cursor=_ITEMS, done_count=count)
        return Progress(is_done=True, done_count=count)

    async def _certify(self, deletion: AccountDeletion) -> bool:
        """Sign, if the census finds nothing left.

        returns: whether it did
        """
        workspace_id, writer = deletion.workspace_id, self._storage.writer
        await self._retire(workspace_id)
        await writer.flush()
        await writer.run(truncate_logs)
        left = await writer.run(lambda stores: count_rows(stores.vault, stores.keys, workspace_id))
        if sum(left.values()):
            return False
        certificate = self.signer.sign(self._statement(deletion))
        # A killed process may have put an earlier one, which stays; what is entered is what is shown.
        kept = await writer.run(lambda _: self.certificates.put(deletion.deletion_id, certificate))
        await self._enter(deletion.deletion_id, kept)
        await self._remove(workspace_id)
        self._journal.say(Event.ACCOUNT_DELETED, count=sum(deletion.counts.values()))
        return True

    def _statement(self, deletion: AccountDeletion) -> dict[str, object]:
        now = self._now_unix()
        return {
            "certificate_id": deletion.deletion_id,
            "workspace_id": deletion.workspace_id,
            "requested_by": deletion.requested_by,
            "requested_unix": deletion.requested_unix,
            "began_unix": deletion.began_unix,
            "finished_unix": now,
            "destroyed": dict(deletion.counts),
            "remaining": 0,
            "backups_expire_unix": now + BACKUP_DAYS * _DAY_S,
            "kept": list(_LEFT),
        }

    def _now_unix(self) -> int:
        return self._clock.unix_ms() // 1000


def _wrong_code() -> EcholessError:
    return EcholessError(ErrorCode.INVALID_CREDENTIALS, "The code is wrong, used or too old.", param="code")
