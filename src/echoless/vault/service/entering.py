"""Puts into the transparency log what is no receipt: statements that were committed, and which program runs.

Beside the requests' way: a change is in force and told before its entry is made. What a process leaves without an
entry gets one at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.crossing.proof_records import ListPolicyChanges
from echoless.crossing.records import Record
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.vault.queries.desk import Question
from echoless.vault.queries.proofs import ProofQueries
from echoless.vault.stores.logged_statements import StatementBook
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.storage import Storage

_PAUSE_S: Final = 60.0
_CHANGES: Final = "GET /v1/workspace/zero-retention/changes"


class Entering:
    """Enters statements a moment after they were committed."""

    def __init__(self, storage: Storage, log: ProofLog, clock: Clock, journal: Journal) -> None:
        self._storage = storage
        self._log = log
        self._clock = clock
        self._journal = journal
        self._wake = asyncio.Event()
        self.statements = StatementBook(storage, log)
        self.queries = ProofQueries(log, self.statements)

    def questions(self) -> Mapping[type[Record], Question]:
        """Return what members and keys may ask."""
        return {ListPolicyChanges: Question(("audit_log_read",), (_CHANGES,), self.queries.changes)}

    async def open(self, build_hash: str) -> None:
        """Enter what a crash left out, and which program runs from now on if that is another one.

        raises: EcholessError(DATA_DIRECTORY) where the log's own files are not in order
        """
        await self.statements.enter()
        await self._storage.writer.run(lambda _: self._enter_build(build_hash))

    async def enter_certificate(self, certificate_id: str, certificate: str) -> None:
        """Have the log commit to the certificate of a deleted account.

        raises: EcholessError(STORE_UNAVAILABLE) where it could not be written
        """
        await self.statements.add_certificate(certificate_id, certificate)
        self.wake()

    def wake(self) -> None:
        """Say that something was committed."""
        self._wake.set()

    async def run_for_ever(self) -> None:
        """Enter whenever something was committed."""
        while True:
            # Not wait_for: it may swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S):
                    await self._wake.wait()
            self._wake.clear()
            await self.close()

    async def close(self) -> None:
        """Enter what waits. What cannot be entered now is said, and waits for the next time."""
        try:
            await self.statements.enter()
        except EcholessError as error:
            self._say(error)

    def _say(self, error: EcholessError) -> None:
        self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.service.entering")

    def _enter_build(self, build_hash: str) -> None:
        if self._log.newest_build() == build_hash:
            return
        now = self._clock.unix_ms() // 1000
        self._log.append([fact_entry(EntryKind.BUILD, now, build_hash=build_hash)])
        self._log.note_build(build_hash)
