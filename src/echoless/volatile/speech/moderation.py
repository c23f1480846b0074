"""Moderation as a flow: texts in, verdicts out. It reads both modes alike and knows neither.

What a rule or a model finds is a category, a severity and an action; an excerpt goes beside it for whoever may keep
one. A text that comes piece by piece is read across the seams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from echoless.core.content import TextContent
from echoless.core.moderation import Action, Category, Severity
from echoless.volatile.speech.moderation_rules import Match, Read, RuleBook

EXCERPT_MARGIN: Final = 80
EXCERPTS_MAX: Final = 8
_TAIL_MIN: Final = 64
# One tag of the longest kind may stand inside a phrase whose beginning came in an earlier piece.
_TAG_REACH: Final = 256


class Source(StrEnum):
    """Who found something."""

    RULES = "rules"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    excerpts: with what stands around it; empty where a model judged the whole
    """

    category: Category
    severity: Severity
    action: Action
    source: Source
    excerpts: tuple[TextContent, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in a text."""

    findings: tuple[Finding, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the text may not be spoken."""
        return any(finding.action is Action.REFUSED for finding in self.findings)


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """What follows from a model's judgement.

    refused: categories in which a text that the model flags may not be spoken
    severe:  categories in which one flag is enough
    """

    refused: frozenset[Category]
    severe: frozenset[Category] = frozenset({Category.SEXUAL_MINORS})

    def verdict(self, flagged: Sequence[Category], text: TextContent) -> Verdict:
        """Return what a model's judgement of a text means; nothing where it flagged nothing."""
        excerpt = TextContent(text.reveal()[: 2 * EXCERPT_MARGIN])
        return Verdict(
            tuple(
                Finding(
                    category,
                    Severity.SEVERE if category in self.severe else Severity.FLAGGED,
                    Action.REFUSED if category in self.refused else Action.PASSED,
                    Source.MODEL,
                    (excerpt,),
                )
                for category in dict.fromkeys(flagged)
            )
        )


class ReviewFlow:
    """Reads one text by the rules, whole or piece by piece.

    It holds the end of what it has read, as far as a phrase may reach back.
    """

    def __init__(self, book: RuleBook, read: Read = Read.TEXT) -> None:
        self._book = book
        self._read = read
        self._tail = ""

    def hear(self, piece: TextContent) -> Verdict:
        """Read the next piece; what began in an earlier one is found here, what ended there is not found again."""
        text = self._tail + piece.reveal()
        old = len(self._tail)
        new = [match for match in self._book.matches(text, self._read) if match.end > old]
        reach = max(_TAIL_MIN, 2 * self._book.longest_phrase) + _TAG_REACH
        self._tail = text[-reach:]
        return Verdict(_findings(new, text))

    def forget(self) -> None:
        """Drop what is held."""
        self._tail = ""


def reviewed(book: RuleBook, texts: Sequence[str], read: Read = Read.TEXT) -> Verdict:
    """Read several texts, each for itself."""
    findings = [finding for text in texts for finding in ReviewFlow(book, read).hear(TextContent(text)).findings]
    return Verdict(_merged(findings))


def _findings(matches: Sequence[Match], text: str) -> tuple[Finding, ...]:
    return _merged(
        [
            Finding(
                match.rule.category,
                match.rule.severity,
                match.rule.action,
                Source.RULES,
                (TextContent(text[max(0, match.start - EXCERPT_MARGIN) : match.end + EXCERPT_MARGIN]),),
            )
            for match in matches
        ]
    )


def _merged(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings of one kind as one, with their first excerpts: a text counts once for each kind."""
    merged: dict[tuple[Category, Severity, Action, Source], list[TextContent]] = {}
    for finding in findings:
        key = (finding.category, finding.severity, finding.action, finding.source)
        merged.setdefault(key, []).extend(finding.excerpts)
    return tuple(Finding(*key, tuple(excerpts[:EXCERPTS_MAX])) for key, excerpts in merged.items())


def counts_of(verdict: Verdict) -> Mapping[tuple[Category, Severity, Action], int]:
    """Return how often each kind was found: all that may be known of it elsewhere."""
    counts: dict[tuple[Category, Severity, Action], int] = {}
    for finding in verdict.findings:
        key = (finding.category, finding.severity, finding.action)
        counts[key] = counts.get(key, 0) + max(1, len(finding.excerpts))
    return counts
