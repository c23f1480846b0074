"""The desk of the intake: every frame of a gateway comes here first.

A frame that carries content is refused from its header alone unless its ticket is an open DEFAULT one that makes an
item; its payload is then never decoded. A frame that lies about carrying content cuts the link.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id, new_ticket_id
from echoless.core.journal import Journal
from echoless.crossing.account_records import TicketRevoked
from echoless.crossing.kept_records import KeepInputType
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO
from echoless.crossing.moderation_records import NoteVerdict
from echoless.crossing.records import (
    Cancel,
    CloseStatus,
    CloseTicket,
    OpenTicket,
    Record,
    Refused,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
    VoiceGrant,
)
from echoless.crossing.socket_records import BeginGeneration, EndGeneration, OpenContext
from echoless.crossing.wire import Frame, Header
from echoless.retention.decision import RetentionMode
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.vault.intake.counting import checked_model
from echoless.vault.intake.granting import (
    INVALID_KEY,
    Admitted,
    Gatekeeper,
    counts_while_generating,
    has_contexts,
    is_counted,
    source_of,
    too_many,
    withdrawn,
)
from echoless.vault.intake.keeping import ABANDONED, Keeper, checked_code, checked_status, mode_of
from echoless.vault.intake.moderating import Moderating
from echoless.vault.intake.receipting import Ended, Receipting
from echoless.vault.intake.taking import Taker
from echoless.vault.intake.tally import Tally
from echoless.vault.intake.tickets import CONTENT_KINDS, Ticket, Tickets
from echoless.vault.intake.waiting import Asking, WaitingRoom, is_slow
from echoless.vault.stores.accounts import Accounts, Workspace
from echoless.vault.stores.drafts import ItemDraft
from echoless.vault.stores.plans import Lane, lane_of
from echoless.vault.stores.policies import hash_of
from echoless.vault.stores.voices import VoiceBook
from echoless.vault.stores.writer import Writer

# A client may have five contexts; some more may be finishing.
_CONTEXTS_MAX: Final = 32
UNKNOWN_TICKET: Final = Refused(code=ErrorCode.UNKNOWN_TICKET.value, message="This request is not open here.")
_NOT_KEPT: Final = "The request could not be kept; it is not in the history."


class IntakeDesk:
    """Opens, serves and closes tickets."""

    def __init__(
        self,
        *,
        gatekeeper: Gatekeeper,
        keeper: Keeper,
        receipting: Receipting,
        moderating: Moderating,
        accounts: Accounts,
        writer: Writer,
        voices: VoiceBook,
        clock: Clock,
        journal: Journal,
        concurrency_max: int,
        wait_s: float,
    ) -> None:
        self._gatekeeper = gatekeeper
        self._keeper = keeper
        self._receipting = receipting
        self._moderating = moderating
        self._accounts = accounts
        self._writer = writer
        self._voices = voices
        self._clock = clock
        self._journal = journal
        self._room = WaitingRoom(
            accounts, clock, concurrency_max, wait_s, let_in=self._let_in, turn_away=self._turn_away_late
        )
        self._commits: set[asyncio.Task[None]] = set()
        self.tickets = Tickets()
        self._taker = Taker(self.tickets, keeper, writer, journal)
        self.tally = Tally()

    @property
    def refused_content_count(self) -> int:
        """How many frames of content were refused."""
        return self._taker.refused_count

    @property
    def waiting_count(self) -> int:
        """How many requests wait for their turn."""
        return self._room.waiting_count

    @property
    def running_count(self) -> int:
        """How many generations run."""
        return sum(ticket.holds_place for ticket in self.tickets.all())

    # --- frames ---

    def receive(self, link: Link, frame: Frame) -> Record | None:
        """Serve one frame; return its record where it is none of the intake's.

        raises: EcholessError(CROSSING_BROKEN) where the gateway is broken or lies: its link must be cut
        """
        header = frame.header
        if header.is_content or header.kind in CONTENT_KINDS:
            self._taker.take(link, frame)
            return None
        record = link.registry.decode(frame)
        match record:
            case OpenTicket():
                self._open(link, header.correlation, record)
            case OpenContext():
                self._open_context(link, header)
            case BeginGeneration():
                self._begin_generation(link, header, record)
            case EndGeneration():
                self._end_generation(link, header)
            case ReserveUnits():
                self._reserve(link, header, record)
            case KeepInputType():
                self._keep_input_type(link, header, record)
            case NoteVerdict():
                self._note_verdict(link, header, record)
            case CloseTicket():
                self._close(link, header, record)
            case Cancel():
                self._cancel(link, header)
            case _:
                return record
        return None

    def link_closed(self, link: Link) -> None:
        """End all requests of a gateway that is gone; what arrived of kept ones is kept."""
        self._taker.link_closed(link)
        while self._room.withdraw(lambda asking: asking.link is link):
            pass
        for ticket in self.tickets.of(link):
            # A socket's end has ended its contexts.
            if self.tickets.find(link, ticket.ticket_id) is not None:
                self._finish(ticket, ABANDONED, header=None)

    def end_workspace(self, workspace_id: str) -> None:
        """End all requests of a workspace that is being deleted, while it is still known.

        Nothing of them is kept, nor a row written: it would outlive the account.
        """
        for asking in self._room.withdraw_of(workspace_id):
            self._post(asking.link, asking.correlation, withdrawn(self._mode_of(asking)))
        for ticket in self.tickets.of_workspace(workspace_id):
            self._revoke(ticket)

    async def commits_begun(self) -> None:
        """Return when every item that is being committed now is there, or has failed. Later ones are not."""
        if self._commits:
            await asyncio.wait(tuple(self._commits))

    def _revoke(self, ticket: Ticket) -> None:
        self.tickets.remove(ticket)
        self._room.drop(ticket.gates)
        self._keeper.discard(ticket)
        if ticket.parent is None and not ticket.link.is_closed:
            ticket.link.post(TicketRevoked(), ticket=ticket.ticket_id)

    def expire(self) -> None:
        """Refuse everybody who has waited too long."""
        self._room.expire()

    async def drain(self) -> None:
        """Return when every item that is being committed is there, or has failed."""
        self._room.stop()
        while self._commits:
            await asyncio.wait(self._commits)

    # --- opening ---

    def _open(self, link: Link, correlation: int, record: OpenTicket) -> None:
        admitted = self._gatekeeper.admit(record, store_works=not self._writer.is_failing)
        if isinstance(admitted, Admitted):
            admitted = self._gatekeeper.too_fast(admitted) or admitted
        if isinstance(admitted, Refused):
            self._tell_no(link, correlation, record, admitted)
        elif not is_counted(admitted.endpoint) or counts_while_generating(admitted.endpoint):
            self._grant(link, correlation, record, admitted)
        else:
            lanes = (lane_of(admitted.endpoint),)
            self._room.enter(Asking(link, correlation, record, admitted.caller, lanes))

    def _mode_of(self, asking: Asking) -> RetentionMode:
        """Return the mode of somebody who waits; whoever is told to go waits no more."""
        if asking.ticket is not None:
            asking.ticket.is_asking = False
            return asking.ticket.decision.mode
        assert isinstance(asking.record, OpenTicket)
        admitted = self._gatekeeper.admit(asking.record, store_works=not self._writer.is_failing)
        return admitted.decision.mode if isinstance(admitted, Admitted) else admitted.mode

    def _turn_away_late(self, asking: Asking) -> None:
        """Refuse somebody who has waited too long, or found the queue full."""
        self._tell_no(asking.link, asking.correlation, asking.record, too_many(self._mode_of(asking)))

    def _tell_no(self, link: Link, correlation: int, record: Record, refused: Refused) -> None:
        """Refuse; whoever came to ask for a ticket is a request that ends here."""
        if isinstance(record, OpenTicket):
            self.tally.refused(ENDPOINT_BY_NAME[record.endpoint].product, refused.mode, refused.code)
        self._post(link, correlation, refused)

    def _let_in(self, asking: Asking, names: tuple[str, ...]) -> bool:
        """Serve somebody who has places now. Who asks for a ticket is decided anew: policy may have changed.

        returns: False where the places are not used
        """
        if asking.ticket is not None:
            return self._resume(asking.ticket, asking, names)
        assert isinstance(asking.record, OpenTicket)
        admitted = self._gatekeeper.admit(asking.record, store_works=not self._writer.is_failing)
        if isinstance(admitted, Admitted) and not asking.link.is_closed:
            self._grant(asking.link, asking.correlation, asking.record, admitted, names)
            return True
        if isinstance(admitted, Refused):
            self._tell_no(asking.link, asking.correlation, asking.record, admitted)
        return False

    def _grant(
        self, link: Link, correlation: int, record: OpenTicket, admitted: Admitted, gates: tuple[str, ...] = ()
    ) -> None:
        workspace, decision = admitted.workspace, admitted.decision
        self._gatekeeper.note_granted(record)
        source = source_of(admitted.endpoint)
        is_kept = decision.mode is RetentionMode.DEFAULT and bool(source)
        ticket = Ticket(
            ticket_id=new_ticket_id(), link=link, correlation=correlation, caller=admitted.caller,
            endpoint=admitted.endpoint, decision=decision, policy_version=workspace.policy_version,
            started_ms=self._clock.unix_ms(), started_s=self._clock.monotonic_s(), gates=gates,
            voice=self._voices.find(record.voice_id) if record.voice_id else None,
            draft=ItemDraft.new(new_opaque_id()) if is_kept else None, source=source,
            policy_hash=hash_of(workspace) if admitted.endpoint.is_generation else "",
        )  # fmt: skip
        self._add(ticket)

    def _add(self, ticket: Ticket) -> None:
        """Open a ticket and tell whoever asked."""
        self.tickets.add(ticket)
        workspace = self._accounts.workspaces[ticket.caller.workspace_id]
        running, places = self._room.standing_of(workspace.workspace_id, lane_of(ticket.endpoint))
        granted = TicketGranted(
            ticket_id=ticket.ticket_id, request_id=ticket.request_id, mode=ticket.decision.mode,
            level=ticket.decision.level, product=ticket.endpoint.product, workspace_id=workspace.workspace_id,
            history_item_id=ticket.draft.item_id if ticket.draft is not None else "",
            voice=self._voice_grant(ticket),
            current_concurrent=running, maximum_concurrent=places, capsule_key=_capsule_key(ticket, workspace),
        )  # fmt: skip
        self._post(ticket.link, ticket.correlation, granted)

    def _voice_grant(self, ticket: Ticket) -> VoiceGrant | None:
        voice = ticket.voice
        if voice is None:
            return None
        settings = self._voices.settings(ticket.caller.workspace_id, voice.voice_id)
        return VoiceGrant(voice.voice_id, voice.name, voice.catalogue_id, settings)

    def _cancel(self, link: Link, header: Header) -> None:
        """Withdraw a question: the gateway's client left before the answer came."""
        ticket = self.tickets.opened_by(link, header.correlation)
        if ticket is not None:
            self._finish(ticket, ABANDONED, header=None)
            return
        self._room.withdraw(lambda asking: asking.link is link and asking.correlation == header.correlation)

    # --- sockets ---

    def _open_context(self, link: Link, header: Header) -> None:
        """Open a ticket below that of a socket. The decision is the socket's, whatever policy says by now."""
        parent = self.tickets.find(link, header.ticket)
        if parent is None or parent.parent is not None or not has_contexts(parent.endpoint):
            self._answer(link, header, UNKNOWN_TICKET)
            return
        if len(tuple(self.tickets.below(parent))) >= _CONTEXTS_MAX:
            self._answer(link, header, too_many(parent.decision.mode))
            return
        context = replace(
            parent, ticket_id=new_ticket_id(), correlation=header.correlation, parent=parent,
            started_ms=self._clock.unix_ms(), started_s=self._clock.monotonic_s(),
            draft=ItemDraft.new(new_opaque_id()) if parent.draft is not None else None,
            generation_count=0, is_asking=False, gates=(), characters=0, credits=0, count_from=0,
            verdict_count=0, moderation=[],
        )  # fmt: skip
        self._add(context)

    def _begin_generation(self, link: Link, header: Header, record: BeginGeneration) -> None:
        """Take a place for a socket that holds none, then reserve units."""
        ticket = self.tickets.find(link, header.ticket)
        if ticket is None or ticket.is_asking or not counts_while_generating(ticket.endpoint):
            self._answer(link, header, UNKNOWN_TICKET)
            return
        model = checked_model(ticket.endpoint.product, record)
        lane = lane_of(ticket.endpoint)
        lanes = (lane, Lane.SLOW_SPEECH) if lane is Lane.SPEECH and is_slow(model.model_id) else (lane,)
        asking = Asking(link, header.correlation, record, ticket.caller, lanes, ticket)
        if ticket.holds_place:
            self._resume(ticket, asking, ())
        else:
            self._room.enter(asking)

    def _resume(self, ticket: Ticket, asking: Asking, names: tuple[str, ...]) -> bool:
        """Reserve units for whoever has places.

        names:   of the places, which are this ticket's from now on, if the units can be had
        returns: whether the places are in use
        """
        assert isinstance(asking.record, BeginGeneration | ReserveUnits)
        ticket.is_asking = False
        is_begun = isinstance(asking.record, BeginGeneration)
        key = self._accounts.rights_of(ticket.caller)
        answer: Record = Refused(code=ErrorCode.INVALID_API_KEY.value, message=INVALID_KEY)
        # A request that runs ends as it would; a socket begins nothing more with a key that was disabled.
        if key is not None and not (is_begun and key.is_disabled):
            answer = self._reserved(ticket, asking.record)
        is_reserved = isinstance(answer, UnitsReserved)
        if is_reserved:
            ticket.gates += names
            ticket.generation_count += is_begun
        if asking.correlation:
            self._post(asking.link, asking.correlation, answer)
        return is_reserved

    def _end_generation(self, link: Link, header: Header) -> None:
        ticket = self.tickets.find(link, header.ticket)
        if ticket is None or not ticket.generation_count:
            return
        ticket.generation_count -= 1
        if not ticket.generation_count:
            self._leave(ticket)

    def _leave(self, ticket: Ticket) -> None:
        gates, ticket.gates = ticket.gates, ()
        if gates:
            self._room.leave(ticket.caller.workspace_id, gates)

    # --- content and units ---

    def _keep_input_type(self, link: Link, header: Header, record: KeepInputType) -> None:
        """Take the type of a recording; under a ticket that takes no recording it means nothing."""
        ticket = self.tickets.find(link, header.ticket)
        if ticket is not None and ticket.draft is not None and ticket.takes(KIND_KEEP_INPUT_AUDIO):
            ticket.draft.input_media_type = record.media_type

    def _note_verdict(self, link: Link, header: Header, record: NoteVerdict) -> None:
        """Count what a check found; under no ticket it means nothing."""
        ticket = self.tickets.find(link, header.ticket)
        if ticket is not None:
            self._moderating.note(ticket, record)

    def _reserve(self, link: Link, header: Header, record: ReserveUnits) -> None:
        """Count units, once there is a place for the model; raise for values that no honest gateway sends."""
        ticket = self.tickets.find(link, header.ticket)
        is_request = ticket is not None and is_counted(ticket.endpoint)
        if ticket is None or not is_request or counts_while_generating(ticket.endpoint) or ticket.is_asking:
            self._answer(link, header, UNKNOWN_TICKET)
            return
        model = checked_model(ticket.endpoint.product, record)
        lanes = (Lane.SLOW_SPEECH,) if is_slow(model.model_id) and not ticket.holds(Lane.SLOW_SPEECH) else ()
        self._room.enter(Asking(link, header.correlation, record, ticket.caller, lanes, ticket))

    def _reserved(self, ticket: Ticket, record: ReserveUnits | BeginGeneration) -> Record:
        model = checked_model(ticket.endpoint.product, record)
        cost = math.ceil(record.characters * model.cost_factor)
        workspace = self._accounts.workspaces[ticket.caller.workspace_id]
        key = self._accounts.rights_of(ticket.caller)
        if key is None:
            return UNKNOWN_TICKET
        # What is counted by the minute is counted at the end; here it needs one unit that is not spent.
        least = 1 if model.credits_per_minute else cost
        refusal = self._gatekeeper.quota_refusal(workspace, key, least, ticket.decision.mode)
        if refusal is not None:
            return refusal
        ticket.model_id, ticket.output_format = record.model_id, record.output_format
        if not ticket.credits:
            ticket.count_from = self._accounts.meter(workspace.workspace_id).character_count
        ticket.characters += record.characters
        ticket.credits += cost
        self._keeper.count(ticket, cost)
        lane = Lane.SLOW_SPEECH if is_slow(model.model_id) else lane_of(ticket.endpoint)
        running, places = self._room.standing_of(workspace.workspace_id, lane)
        return UnitsReserved(cost, running, places)

    # --- closing ---

    def _close(self, link: Link, header: Header, record: CloseTicket) -> None:
        ticket = self.tickets.find(link, header.ticket)
        if ticket is None:
            self._answer(link, header, UNKNOWN_TICKET)
        else:
            self._finish(ticket, record, header)

    def _finish(self, ticket: Ticket, record: CloseTicket, header: Header | None) -> None:
        """End a request: its row, its place, then its item. Without a header nobody waits for the answer."""
        for context in self.tickets.below(ticket) if ticket.parent is None else ():
            self._finish(context, ABANDONED, header=None)
        self.tickets.remove(ticket)
        if ticket.parent is None:
            self._count(ticket, record)
        if ticket.is_asking:
            self._room.withdraw(lambda asking: asking.ticket is ticket)
        if ticket.endpoint.is_generation:
            self._keeper.settle(ticket, record)
            if ticket.parent is None:
                self._receipting.ended(ticket, _ended(ticket, record))
        self._leave(ticket)
        if self._keeper.is_kept(ticket, record):
            task = asyncio.get_running_loop().create_task(self._commit(ticket, record.status, header))
            self._commits.add(task)
            task.add_done_callback(self._commits.discard)
            return
        self._keeper.discard(ticket)
        if header is not None:
            self._answer(ticket.link, header, TicketClosed(is_kept=False))

    def _count(self, ticket: Ticket, record: CloseTicket) -> None:
        lasted_s = max(0.0, self._clock.monotonic_s() - ticket.started_s)
        self.tally.closed(ticket.endpoint.product, mode_of(ticket, record), record, lasted_s)

    async def _commit(self, ticket: Ticket, status: CloseStatus, header: Header | None) -> None:
        answer: Record = TicketClosed(is_kept=True)
        try:
            await self._keeper.commit(ticket, status)
        except EcholessError as error:
            answer = Refused(code=error.code.value, message=_NOT_KEPT, mode=ticket.decision.mode, retry_after_s=1)
            self._keeper.discard(ticket)
        if header is not None:
            self._answer(ticket.link, header, answer)

    # --- inner ---

    def _answer(self, link: Link, header: Header, record: Record) -> None:
        # Correlation 0 is a record that nobody waits for, such as the close after a ZERO response.
        if header.correlation:
            self._post(link, header.correlation, record)

    def _post(self, link: Link, correlation: int, record: Record) -> None:
        if isinstance(record, Refused):
            self.tally.answered_no(record.code)
        if not link.is_closed:
            link.post(record, correlation=correlation)


def _ended(ticket: Ticket, record: CloseTicket) -> Ended:
    return Ended(
        mode_of(ticket, record).value, checked_status(record.http_status), checked_code(record.error_code),
        record.audio_ms, is_capsule=record.is_capsule,
    )  # fmt: skip


def _capsule_key(ticket: Ticket, workspace: Workspace) -> str:
    """Return whom a diagnosis is sealed to: of zero-retention work only. Of kept work there is the debug log."""
    is_zero_work = ticket.endpoint.is_generation and ticket.decision.mode is RetentionMode.ZERO
    return (workspace.capsule_key or "") if is_zero_work else ""
