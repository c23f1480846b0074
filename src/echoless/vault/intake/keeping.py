"""(5)(7)(9) Taking content of DEFAULT requests, and ending requests of both modes.

A ZERO ticket has no draft, so there is nothing that its content could be put into. What is written of any request
is the closed list of the request log: ids, codes of closed sets, counts, times that the vault bounds itself.
"""

from __future__ import annotations

from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dialogue_records import INPUTS_MAX
from echoless.crossing.moderation_records import KeepModeration
from echoless.crossing.records import CloseStatus, CloseTicket, KeepAlignment, KeepText
from echoless.crossing.socket_records import KeepMoreText
from echoless.retention.decision import RetentionMode
from echoless.vault.intake.counting import credits_of
from echoless.vault.intake.debugging import debug_content
from echoless.vault.intake.tickets import Ticket
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.drafts import (
    ALIGNMENT,
    NORMALIZED_ALIGNMENT,
    SPOKEN_SOURCE,
    TRANSCRIPT_SOURCE,
    ItemFacts,
    ItemHead,
    Line,
)
from echoless.vault.stores.log_entries import Finding, LogBook, LogContent, LogName, RequestNamed
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.segments import Part
from echoless.vault.stores.writer import Writer
from echoless.vault.stores.writing import Write

_HOUR_S: Final = 3600
_AUDIO_MS_MAX: Final = 24 * 3600 * 1000
_TEXT_CHARACTERS_MAX: Final = 1_000_000
_ALIGNMENT_CHARACTERS_MAX: Final = 2_000_000
_MODERATIONS_MAX: Final = 64
_CODES: Final = frozenset(code.value for code in ErrorCode)
_OTHER: Final = "other"
_REFUNDED: Final = {CloseStatus.REFUSED, CloseStatus.FAILED}
ABANDONED: Final = CloseTicket(
    status=CloseStatus.CLIENT_LEFT, http_status=0, error_code=ErrorCode.CROSSING_BROKEN.value,
    audio_ms=0, audio_bytes=0, duration_ms=_AUDIO_MS_MAX,
)  # fmt: skip
"""How a request ends whose gateway is gone."""


class Keeper:
    """Fills drafts and writes the last word on requests."""

    def __init__(
        self, accounts: Accounts, writer: Writer, recent: RecentRequests, clock: Clock, book: LogBook
    ) -> None:
        self._accounts = accounts
        self._writer = writer
        self._recent = recent
        self._clock = clock
        self._book = book

    # --- content; the caller has checked that the ticket takes it ---

    def keep_text(self, ticket: Ticket, record: KeepText) -> None:
        """Take the text of a request.

        raises: EcholessError(CROSSING_BROKEN) for a second text or one over every limit: the gateway is broken
        """
        draft = ticket.draft
        assert draft is not None
        count = len(record.text) + sum(len(line.text) for line in record.dialogue)
        if draft.text is not None or count > _TEXT_CHARACTERS_MAX or len(record.dialogue) > INPUTS_MAX:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "a request brought two texts, or one over the limit")
        draft.text = ItemHead(
            text=record.text, settings=record.settings, seed=record.seed, language_code=record.language_code,
            previous_text=record.previous_text, next_text=record.next_text, audio_bytes=0, segment_count=0,
            dialogue=[Line(line.text, line.voice_id, line.voice_name) for line in record.dialogue],
        )  # fmt: skip

    def keep_more_text(self, ticket: Ticket, record: KeepMoreText) -> None:
        """Take what was said next.

        raises: EcholessError(CROSSING_BROKEN) where nothing was said before, or for too much: the gateway is broken
        """
        draft = ticket.draft
        assert draft is not None
        if draft.text is None or draft.add_text(record.text) > _TEXT_CHARACTERS_MAX:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "a request brought more text than it may")

    def keep_alignment(self, ticket: Ticket, record: KeepAlignment) -> None:
        """Take a run of an alignment.

        raises: EcholessError(CROSSING_BROKEN) for three lists of unequal length, or too many characters
        """
        draft = ticket.draft
        assert draft is not None
        kind = NORMALIZED_ALIGNMENT if record.is_normalized else ALIGNMENT
        count = len(record.characters)
        have = len(draft.alignments[kind].characters) if kind in draft.alignments else 0
        if len(record.start_s) != count or len(record.end_s) != count or have + count > _ALIGNMENT_CHARACTERS_MAX:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "an alignment has lists of unequal length, or too many")
        draft.add_alignment(kind, record.characters, record.start_s, record.end_s)

    def keep_moderation(self, ticket: Ticket, record: KeepModeration) -> None:
        """Take what a check found; it is logged at the end, when it is known how the request was answered."""
        if len(ticket.moderation) < _MODERATIONS_MAX:
            ticket.moderation.append(record)

    # --- the end ---

    def settle(self, ticket: Ticket, record: CloseTicket) -> None:
        """Count minutes, or give units back where nothing was made, and write the request's row and usage; in both
        modes alike. A request that was a DEFAULT one to its end has an entry in the debug log too.
        """
        if ticket.may_take_content and mode_of(ticket, record) is RetentionMode.DEFAULT:
            self._note_for_debugging(ticket, record)
            self._note_moderation(ticket)
        started_unix = ticket.started_ms // 1000
        audio_ms = min(record.audio_ms, _AUDIO_MS_MAX)
        if record.status in _REFUNDED:
            self.count(ticket, -ticket.credits)
            ticket.credits = ticket.characters = 0
        else:
            self._count_minutes(ticket, audio_ms)
        shared = {
            "workspace_id": ticket.caller.workspace_id,
            "key_id": ticket.caller.key_id,
            "product": ticket.endpoint.product.value,
            "model_id": ticket.model_id,
            "characters": ticket.characters,
            "audio_ms": audio_ms,
        }
        self._writer.later(Write.REQUEST_LOG, shared | self._log_fields(ticket, record, started_unix))
        hour = started_unix - started_unix % _HOUR_S
        usage = {"hour_unix": hour, "credits": ticket.credits, "request_count": 1}
        self._writer.later(Write.USAGE, shared | usage)

    def _note_moderation(self, ticket: Ticket) -> None:
        about = RequestNamed(
            ticket.caller.workspace_id, ticket.request_id, "" if ticket.draft is None else ticket.draft.item_id
        )  # fmt: skip
        for kept in ticket.moderation:
            findings = [Finding(one.category.value, one.severity.value, one.excerpts) for one in kept.findings]
            content = LogContent(
                ticket.endpoint.name, ticket.caller.key_id, model_id=ticket.model_id, findings=findings
            )  # fmt: skip
            self._book.note(LogName.MODERATION, about, kept.action.value, content)
        ticket.moderation.clear()

    def _note_for_debugging(self, ticket: Ticket, record: CloseTicket) -> None:
        content = debug_content(ticket, record) if self._book.keeps(LogName.DEBUG) else None
        if content is not None and ticket.draft is not None:
            about = RequestNamed(ticket.caller.workspace_id, ticket.request_id, ticket.draft.item_id)
            self._book.note(LogName.DEBUG, about, checked_code(record.error_code), content)

    def _count_minutes(self, ticket: Ticket, audio_ms: int) -> None:
        """Count what a model takes by the minute of audio."""
        credits = credits_of(ticket.model_id, audio_ms)
        if credits:
            ticket.count_from = self._accounts.meter(ticket.caller.workspace_id).character_count
            ticket.credits = credits
            self.count(ticket, credits)

    def count(self, ticket: Ticket, credits: int) -> None:
        """Add units to the counters of workspace and key, or take them back."""
        if not credits:
            return
        for owner in (ticket.caller.workspace_id, ticket.caller.key_id):
            meter = self._accounts.meter(owner)
            meter.character_count = max(0, meter.character_count + credits)
            self._writer.meter_later(owner, meter.character_count, meter.resets_unix)

    def is_kept(self, ticket: Ticket, record: CloseTicket) -> bool:
        """Whether the end of a request makes an item: it was produced, as far as the client listened."""
        draft = ticket.draft
        if draft is None or record.answered_as is RetentionMode.ZERO or record.status in _REFUNDED:
            return False
        if ticket.source == TRANSCRIPT_SOURCE:
            # Whoever closes has sent the whole transcript before; of one that a dead gateway sent nobody knows.
            return record is not ABANDONED and draft.size_bytes(Part.TRANSCRIPT) > 0
        if ticket.source == SPOKEN_SOURCE and draft.text is None:
            return False
        return record.status is CloseStatus.DONE or draft.size_bytes(Part.AUDIO) > 0

    async def commit(self, ticket: Ticket, status: CloseStatus) -> None:
        """Commit the item of a request; returns when it is there.

        raises: EcholessError(INTERNAL_ERROR) when it is not
        """
        draft, voice = ticket.draft, ticket.voice
        assert draft is not None
        now_ms = self._clock.unix_ms()
        facts = ItemFacts(
            item_id=draft.item_id, workspace_id=ticket.caller.workspace_id, request_id=ticket.request_id,
            created_ms=now_ms, voice_id=voice.voice_id if voice is not None else "",
            voice_name=voice.name if voice is not None else "", model_id=ticket.model_id,
            source=ticket.source, output_format=ticket.output_format,
            character_count_from=ticket.count_from, character_count_to=ticket.count_from + ticket.credits,
        )  # fmt: skip
        try:
            await self._writer.commit_item(draft, facts)
        finally:
            draft.discard()
        if status is CloseStatus.DONE and facts.source == SPOKEN_SOURCE:
            self._recent.add(facts.request_id, facts.workspace_id, facts.item_id, now_ms)

    def discard(self, ticket: Ticket) -> None:
        """Drop what arrived of a request that makes no item."""
        if ticket.draft is not None:
            ticket.draft.discard()
            self._writer.drop_segments(ticket.draft)

    def _log_fields(self, ticket: Ticket, record: CloseTicket, started_unix: int) -> dict[str, str | int]:
        elapsed_ms = int((self._clock.monotonic_s() - ticket.started_s) * 1000)
        return {
            "request_id": ticket.request_id,
            "endpoint": ticket.endpoint.name,
            "output_format": ticket.output_format,
            "start_unix": started_unix,
            "duration_ms": min(record.duration_ms, elapsed_ms),
            "http_status": checked_status(record.http_status),
            "error_code": checked_code(record.error_code),
            "mode": mode_of(ticket, record).value,
            "policy_version": ticket.policy_version,
        }


def checked_status(status: int) -> int:
    """Return an HTTP status or the close code of a socket, 0 for what is neither."""
    return status if 100 <= status <= 599 or 1000 <= status <= 1015 else 0


def checked_code(code: str) -> str:
    """Return a code of ours, `other` for one that is not, or nothing."""
    return code if not code or code in _CODES else _OTHER


def mode_of(ticket: Ticket, record: CloseTicket) -> RetentionMode:
    """Return the mode that a request had for its client: never a laxer one than it was decided."""
    return RetentionMode.ZERO if record.answered_as is RetentionMode.ZERO else ticket.decision.mode
