"""(3) The automatic check of texts, before any engine hears of them; and of transcripts, before they are answered.

It runs in both modes alike. What leaves this plane under zero retention are words of closed sets and counts; only a
sink that takes content is given excerpts. A model is asked through the registry of remotes, and one that has not
declared zero retention never sees such a text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.journal import Event, Journal
from echoless.core.moderation import Action, Category
from echoless.crossing.control import ModerationRules
from echoless.crossing.moderation_records import (
    EXCERPTS_MAX,
    FINDINGS_MAX,
    KeepModeration,
    KeptFinding,
    NoteVerdict,
)
from echoless.crossing.records import KeepText
from echoless.crossing.remote_client import RemotePool
from echoless.crossing.sinks import RetainingSink, TicketPort, sink_for
from echoless.volatile.speech.default_rules import DEFAULT_RULES
from echoless.volatile.speech.moderation import Finding, ModelPolicy, ReviewFlow, Verdict
from echoless.volatile.speech.moderation_rules import Read, RuleBook, rules_from

REFUSED: Final = "The text is against the rules of this server; nothing was spoken."
_UNCHECKED: Final = "Texts cannot be checked at this moment; try again."


@dataclass(frozen=True, slots=True)
class Judge:
    """A moderation model behind a declared remote.

    refuses_unchecked: whether nothing is spoken while it cannot be asked
    """

    remotes: RemotePool
    name: str
    model_id: str
    timeout_s: float
    policy: ModelPolicy
    refuses_unchecked: bool
    journal: Journal

    async def verdict(self, ticket: TicketId, text: TextContent, *, is_zero: bool) -> Verdict:
        """Have a text judged.

        returns: nothing for zero-retention text where the remote has not declared that: it is not asked then
        raises:  EcholessError(ENGINE_UNAVAILABLE) where it cannot be asked, and nothing may be spoken unchecked
        """
        if is_zero and not self.remotes.takes_zero(self.name):
            return Verdict()
        try:
            async with asyncio.timeout(self.timeout_s):
                flagged = await self.remotes.moderate(
                    self.name, ticket, text, model_id=self.model_id, is_zero=is_zero
                )  # fmt: skip
        except (EcholessError, TimeoutError):
            pass
        else:
            return self.policy.verdict(flagged, text)
        self.journal.say(Event.TEXT_UNJUDGED, name=self.name)
        if self.refuses_unchecked:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, _UNCHECKED)
        return Verdict()


@dataclass(frozen=True, slots=True)
class Moderation:
    """What texts are checked by.

    book:  None where the operator has switched the check off
    judge: None where no model is asked
    """

    book: RuleBook | None = field(default_factory=lambda: RuleBook(DEFAULT_RULES))
    judge: Judge | None = None

    def review(self, ticket: TicketPort, read: Read = Read.TEXT) -> Review:
        """Begin to check the texts of one request, or of one stream of it."""
        return Review(self, ticket, read)


class Review:
    """The check of one request or stream: piece after piece of a text that goes on."""

    def __init__(self, moderation: Moderation, ticket: TicketPort, read: Read) -> None:
        self._moderation = moderation
        self._ticket = ticket
        self._is_transcript = read is Read.TRANSCRIPTS
        self._flow = ReviewFlow(moderation.book, read) if moderation.book is not None else None

    async def check(self, text: TextContent, param: str | None = None) -> None:
        """Check what is to be spoken next.

        param:  the field that errors name
        raises: EcholessError(CONTENT_AGAINST_POLICY); EcholessError(ENGINE_UNAVAILABLE) where it cannot be checked
        """
        if self._flow is None:
            return
        verdict = self._flow.hear(text)
        judge = self._moderation.judge
        if judge is not None and not verdict.is_refused:
            is_zero = not isinstance(sink_for(self._ticket), RetainingSink)
            judged = await judge.verdict(TicketId(self._ticket.grant.ticket_id), text, is_zero=is_zero)
            verdict = Verdict(verdict.findings + judged.findings)
        self._tell(verdict)
        if verdict.is_refused:
            self.end()
            raise EcholessError(ErrorCode.CONTENT_AGAINST_POLICY, REFUSED, param=param)

    def note(self, text: TextContent) -> None:
        """Check what was heard in a recording, by the rules that are for that: it is noted, and never held back."""
        assert self._is_transcript, "what is to be spoken is checked, not noted"
        if self._flow is not None:
            heard = self._flow.hear(text).findings
            self._tell(Verdict(tuple(replace(finding, action=Action.PASSED) for finding in heard)))

    def end(self) -> None:
        """Forget what was read."""
        if self._flow is not None:
            self._flow.forget()

    def _tell(self, verdict: Verdict) -> None:
        """(7) Words of closed sets in both modes; excerpts to a sink that takes them.

        raises: EcholessError(CROSSING_BROKEN) when the vault is gone
        """
        for finding in verdict.findings:
            self._ticket.post(NoteVerdict(finding.category, finding.severity, finding.action))
        sink = sink_for(self._ticket)
        if isinstance(sink, RetainingSink) and verdict.findings:
            action = Action.REFUSED if verdict.is_refused else Action.PASSED
            sink.keep_moderation(KeepModeration(action, _kept(verdict.findings)))


async def check_kept(moderation: Moderation, ticket: TicketPort, kept: KeepText) -> None:
    """(3) Check the whole text of a request: one text, or the lines of a dialogue one after another.

    raises: as `Review.check`
    """
    review = moderation.review(ticket)
    texts = [kept.text] if kept.text else [f"{line.text}\n" for line in kept.dialogue]
    # One after another, so that words that go on in the next line are read as they will be heard.
    await review.check(TextContent("".join(texts)))
    review.end()


def moderation_of(
    rules: ModerationRules | None, rules_text: str, remotes: RemotePool, journal: Journal
) -> Moderation:
    """Return the check that the configuration asks for.

    rules:      None where it is switched off
    rules_text: of the operator's own rules; empty for those of the server
    raises:     EcholessError(CONFIGURATION) for rules that are none
    """
    if rules is None:
        return Moderation(None)
    book = RuleBook(rules_from(rules_text) if rules_text else DEFAULT_RULES)
    if not rules.remote:
        return Moderation(book)
    policy = ModelPolicy(frozenset(Category(word) for word in rules.refused))
    judge = Judge(remotes, rules.remote, rules.model_id, rules.timeout_s, policy, rules.refuses_unchecked, journal)
    return Moderation(book, judge)


def _kept(findings: Iterable[Finding]) -> list[KeptFinding]:
    return [
        KeptFinding(
            finding.category, finding.severity,
            [excerpt.reveal() for excerpt in finding.excerpts[:EXCERPTS_MAX]],
        )
        for finding in list(findings)[:FINDINGS_MAX]
    ]  # fmt: skip
