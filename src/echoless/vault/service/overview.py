"""The live view: what the server is proving at this moment, from what the parts of the vault show of themselves."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from echoless.core.clock import Clock
from echoless.crossing.records import Record
from echoless.crossing.watch_records import AskWatch, WatchView
from echoless.vault.intake.desk import IntakeDesk
from echoless.vault.intake.granting import HostStanding
from echoless.vault.service.proving import Proving
from echoless.vault.service.walls import Walls


class Overview:
    """Answers how it stands; keeps nothing of its own."""

    def __init__(
        self, *, intake: IntakeDesk, proving: Proving, walls: Walls, host: HostStanding, clock: Clock
    ) -> None:
        self._intake = intake
        self._proving = proving
        self._walls = walls
        self._host = host
        self._clock = clock

    def acts(self) -> Mapping[type[Record], Callable[[Any], Awaitable[Record]]]:
        """Return what the operator may ask."""
        return {AskWatch: self._answer}

    async def _answer(self, _record: AskWatch) -> Record:
        return self.view()

    def view(self) -> WatchView:
        """Return how it stands now."""
        intake, receipting = self._intake, self._proving.receipting
        wall, head, audit = self._walls.confinement(), self._proving.book.log.state, self._proving.audits.newest
        return WatchView(
            now_unix=self._clock.unix_ms() // 1000,
            receipts_minute=receipting.pace.last_minute(), receipts=dict(receipting.pace.signed),
            receipts_pending=receipting.pending_count, receipts_lost=receipting.lost_count,
            capsules=receipting.pace.capsule_count,
            refusals={code: count for code, count in intake.tally.refusals.items() if count},
            open_requests=len(intake.tickets), running=intake.running_count, waiting=intake.waiting_count,
            assurance=wall.assurance, is_confined=self._host.is_confined, missing=sorted(self._host.missing),
            swap_total_kib=wall.swap_total_kib, processes=list(self._walls.processes()),
            log_origin=head.origin, log_size=head.size, log_root=base64.b64encode(head.root).decode("ascii"),
            audit_unix=0 if audit is None else audit.minute_unix,
            audit_verdict="" if audit is None else audit.verdict,
            audit_mode="" if audit is None else audit.mode,
        )  # fmt: skip
