"""(8) From the end of a request to its receipt: waits until its memory was wiped, then hands it over to be signed.

A gateway says when it has collected and wiped. That counts for requests that were closed at least half a second
before, whose handlers have ended by then. Of a request whose gateway never says so, because it died or is too busy,
the receipt says that nothing was confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.crossing.link import Link
from echoless.receipts.receipt import Confinement, Receipt, Scrubbed, bucket, to_minute
from echoless.vault.intake.receipt_pace import ReceiptPace
from echoless.vault.intake.tickets import Ticket

HANDLED_S: Final = 0.5
PATIENCE_S: Final = 10.0
_PAUSE_S: Final = 1.0
_BATCH_MAX: Final = 500
_WAITING_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Ended:
    """How a request ended, in codes of closed sets and counts."""

    mode: str
    http_status: int
    error_code: str
    audio_ms: int
    is_capsule: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    ended_s: float
    link: Link
    receipt: Receipt


class Receipting:
    """Gathers what receipts say.

    issue:       signs and keeps a batch; raises EcholessError where it cannot
    confinement: the wall as it is seen now
    lost_count:  requests that have no receipt because too many were waiting, or because the store failed to the end
    """

    def __init__(
        self,
        *,
        issue: Callable[[Sequence[Receipt]], Awaitable[None]],
        confinement: Callable[[], Confinement],
        build_hash: str,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._issue = issue
        self._confinement = confinement
        self._build_hash = build_hash
        self._clock = clock
        self._journal = journal
        self._waiting: deque[_Waiting] = deque()
        self._ready: list[Receipt] = []
        self._being_signed: list[Receipt] = []
        self._is_failing = False
        self._wake = asyncio.Event()
        self.lost_count = 0
        self.pace = ReceiptPace(clock)

    @property
    def pending_count(self) -> int:
        """How many receipts are still to be signed."""
        return len(self._waiting) + len(self._being_signed) + len(self._ready)

    def ended(self, ticket: Ticket, ended: Ended) -> None:
        """Take note that a request has ended."""
        if self.pending_count >= _WAITING_MAX:
            self.lost_count += 1
            return
        receipt = Receipt(
            request_id=ticket.request_id, workspace_id=ticket.caller.workspace_id, endpoint=ticket.endpoint.name,
            product=ticket.endpoint.product.value, mode=ended.mode, level=ticket.decision.level.value,
            model_id=ticket.model_id, output_format=ticket.output_format, characters=bucket(ticket.characters),
            audio_ms=bucket(ended.audio_ms), minute_unix=to_minute(ticket.started_ms // 1000),
            http_status=ended.http_status, error_code=ended.error_code, policy_version=ticket.policy_version,
            policy_hash=ticket.policy_hash, build_hash=self._build_hash,
            scrubbed=Scrubbed.NOT_CONFIRMED, confinement=self._confinement(), is_capsule=ended.is_capsule,
        )  # fmt: skip
        self._waiting.append(_Waiting(self._clock.monotonic_s(), ticket.link, receipt))

    def scrubbed(self, link: Link) -> None:
        """Take a gateway's word that it has wiped."""
        before_s = self._clock.monotonic_s() - HANDLED_S
        self._release(lambda waiting: waiting.link is link and waiting.ended_s <= before_s, Scrubbed.AFTER_RESPONSE)

    def link_closed(self, link: Link) -> None:
        """A gateway is gone: whether it died, and its memory with it, is not known here."""
        self._release(lambda waiting: waiting.link is link, Scrubbed.NOT_CONFIRMED)

    def expire(self) -> None:
        """Give up waiting for gateways that say nothing."""
        before_s = self._clock.monotonic_s() - PATIENCE_S
        self._release(lambda waiting: waiting.ended_s <= before_s, Scrubbed.NOT_CONFIRMED)

    def forget_workspace(self, workspace_id: str) -> None:
        """Drop what is still to be signed of a workspace that is deleted: a receipt would outlive it."""
        self._waiting = deque(one for one in self._waiting if one.receipt.workspace_id != workspace_id)
        self._ready = [receipt for receipt in self._ready if receipt.workspace_id != workspace_id]
        self._being_signed = [one for one in self._being_signed if one.workspace_id != workspace_id]

    async def issue_ready(self) -> int:
        """Sign what can be signed; return how many. What cannot be kept waits for the next time, and that is said
        once until it is kept.
        """
        count = 0
        while self._ready:
            batch, self._ready = self._ready[:_BATCH_MAX], self._ready[_BATCH_MAX:]
            self._being_signed = batch
            try:
                await self._issue(batch)
            except EcholessError as error:
                self._put_back(error)
                return count
            self._being_signed, self._is_failing = [], False
            count += len(batch)
            self.pace.note(batch)
        return count

    def _put_back(self, error: EcholessError) -> None:
        # Of a workspace that was deleted meanwhile there is nothing among them any more.
        self._ready, self._being_signed = self._being_signed + self._ready, []
        if not self._is_failing:
            self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.intake.receipting")
        self._is_failing = True

    async def run_for_ever(self) -> None:
        """Sign once a second, or sooner when something became ready."""
        while True:
            # Not wait_for: it may swallow a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE_S):
                    await self._wake.wait()
            self._wake.clear()
            self.expire()
            await self.issue_ready()

    async def close(self) -> None:
        """Sign what waits, unconfirmed; what cannot be kept now is lost."""
        self._release(lambda _waiting: True, Scrubbed.NOT_CONFIRMED)
        await self.issue_ready()
        self.lost_count += len(self._ready)
        self._ready = []

    def _release(self, is_due: Callable[[_Waiting], bool], scrubbed: Scrubbed) -> None:
        kept: deque[_Waiting] = deque()
        for waiting in self._waiting:
            if is_due(waiting):
                self._ready.append(msgspec.structs.replace(waiting.receipt, scrubbed=scrubbed))
            else:
                kept.append(waiting)
        self._waiting = kept
        if self._ready:
            self._wake.set()
