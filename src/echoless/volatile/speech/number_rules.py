"""All rules of one language, in order: how written numbers are read aloud.

A rule is a pattern that is tried at one position and a function that says what it matched, or declines; the first
that speaks wins. What no rule understands is left to the engine. All patterns are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from echoless.volatile.speech.calendar_rules import CalendarRules
from echoless.volatile.speech.language_words import LanguageWords
from echoless.volatile.speech.mapped_text import Edit
from echoless.volatile.speech.number_words import NumberWords
from echoless.volatile.speech.quantity_rules import VULGAR_FRACTIONS, QuantityRules
from echoless.volatile.speech.written_numbers import MINUS, SPACE, WrittenNumbers, compiled


class NumberRules:
    """The rules of one language."""

    def __init__(self, language: LanguageWords, numbers: NumberWords) -> None:
        """Compile the rules, a few milliseconds; they hold nothing of any text."""
        written = WrittenNumbers(language, numbers)
        calendar = CalendarRules(written)
        self._rules = [*calendar.rules(), *QuantityRules(written).rules()]
        # Not inside a word, nor behind what would make a part of a longer number out of it.
        before = r"(?<![^\W_])(?<![.])(?<!\w[,:/\u2010-\u2015-])"
        money = rf"(?:(?:{written.money_pattern}){SPACE}?)?"
        self._start: re.Pattern[str] = compiled(
            rf"{before}(?:{MINUS}?{money}\d|\+\d|\(\d|[{''.join(VULGAR_FRACTIONS)}]|{calendar.month_first}{SPACE}\d)"
        )

    def edits(self, text: str) -> Iterator[Edit]:
        """Yield what is to be said differently, in order and without overlaps."""
        position = 0
        while found := self._start.search(text, position):
            # A bracket or plus that opens no telephone number may still stand before a plain one.
            position = found.start() + 1 if found[0][0] in "(+" else found.end()
            for edit in self._edits_at(text, found.start()):
                yield edit
                position = edit.end

    def _edits_at(self, text: str, start: int) -> list[Edit]:
        for rule in self._rules:
            match = rule.pattern.match(text, start)
            edits = rule.say(match) if match else None
            if edits:
                return [edit for edit in edits if edit.end > edit.start]
        return []
