"""Spelling out what is written in digits, with a map back to the characters that were written. (3)

A text without digits is handed back as it is, before any pattern is tried. What no rule understands stays as it
was written.
"""

from __future__ import annotations

from typing import Final

from echoless.volatile.speech.language_words import LANGUAGE_WORDS
from echoless.volatile.speech.mapped_text import MappedText
from echoless.volatile.speech.number_rules import NumberRules
from echoless.volatile.speech.number_words import NumberWords

_TRIGGERS: Final = "0123456789½⅓⅔¼¾⅛⅜⅝⅞"


class NumberSpeller:
    """Spells out the numbers of one language."""

    def __init__(self, language: str) -> None:
        """Load the language's rules from the disk; nothing is read after that.

        language: one of `LANGUAGE_WORDS`
        """
        self._rules = NumberRules(LANGUAGE_WORDS[language], NumberWords(language))

    def __call__(self, mapped: MappedText) -> MappedText:
        """Return the text with numbers, dates, amounts and the like as words."""
        text = mapped.text
        if not any(trigger in text for trigger in _TRIGGERS):
            return mapped
        return mapped.edited(self._rules.edits(text))


def load_spellers() -> dict[str, NumberSpeller]:
    """Return a speller for every language that has words and rules; about 0.1 s, before the sandbox closes."""
    return {language: NumberSpeller(language) for language in LANGUAGE_WORDS}
