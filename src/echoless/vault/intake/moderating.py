"""(7) Verdicts of the automatic check as they arrive, in both modes alike: counted, and followed by what is due.

Only words of closed sets are read here. Excerpts come by another record, which a ZERO ticket cannot bring.
"""

from __future__ import annotations

import asyncio
from typing import Final

from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.crossing.moderation_records import NoteVerdict
from echoless.vault.intake.tickets import Ticket
from echoless.vault.notices.restrictions import MODERATION, RestrictionReason, Restrictions
from echoless.vault.notices.standings import Standings

_VERDICTS_PER_TICKET_MAX: Final = 256
_COUNT_MAX: Final = 1000


class Moderating:
    """Counts verdicts and restricts flagged accounts."""

    def __init__(self, standings: Standings, restrictions: Restrictions, journal: Journal) -> None:
        self._standings = standings
        self._restrictions = restrictions
        self._journal = journal
        self._flagging: dict[str, asyncio.Task[None]] = {}

    def note(self, ticket: Ticket, record: NoteVerdict) -> None:
        """Count a verdict under the ticket of a generation; more of one than any text has are passed over."""
        if not ticket.endpoint.is_generation or ticket.verdict_count >= _VERDICTS_PER_TICKET_MAX:
            return
        ticket.verdict_count += 1
        workspace_id, count = ticket.caller.workspace_id, min(record.count, _COUNT_MAX)
        if self._standings.note(workspace_id, record.category, record.severity, record.action, count):
            self._flag(workspace_id)

    def resume(self) -> None:
        """Flag what a process that died did not come to."""
        for workspace_id in self._standings.due():
            self._flag(workspace_id)

    async def drain(self) -> None:
        """Return when everything that is being flagged is."""
        while self._flagging:
            await asyncio.wait(tuple(self._flagging.values()))

    def _flag(self, workspace_id: str) -> None:
        if workspace_id not in self._flagging:
            task = asyncio.get_running_loop().create_task(self._restrict(workspace_id))
            self._flagging[workspace_id] = task
            task.add_done_callback(lambda _task: self._flagging.pop(workspace_id, None))

    async def _restrict(self, workspace_id: str) -> None:
        try:
            await self._restrictions.restrict(workspace_id, RestrictionReason.FLAGGED, MODERATION)
        except EcholessError as error:
            # The counts stand: the next verdict, or the next start, tries again.
            self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.intake.moderating")
