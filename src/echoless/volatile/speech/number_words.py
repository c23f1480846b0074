"""Numbers as words, by the rules of Unicode's CLDR.

The rule engine keeps nothing of what it formats. Its own errors name the number, so they never leave this module.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from unicode_rbnf import RbnfEngine
from unicode_rbnf.engine import RbnfError
from unicode_rbnf.plural_rules import PluralType, get_plural_category

from echoless.volatile.speech.language_words import Noun

# The engine compares as floating-point numbers, which are exact up to here; longer numbers are read digit by digit.
INTEGER_MAX: Final = 10**15 - 1
_CATEGORIES: Final = {2: ("one", "other"), 4: ("one", "few", "many", "other")}
_RULESETS: Final = {
    "plain": ("spellout-numbering", "spellout-cardinal"),
    "m": ("spellout-cardinal-masculine", "spellout-cardinal", "spellout-numbering"),
    "f": ("spellout-cardinal-feminine", "spellout-cardinal", "spellout-numbering"),
    "n": ("spellout-cardinal-neuter", "spellout-cardinal", "spellout-numbering"),
    "year": ("spellout-numbering-year", "spellout-numbering"),
    "ordinal-m": ("spellout-ordinal-masculine", "spellout-ordinal"),
    "ordinal-f": ("spellout-ordinal-feminine", "spellout-ordinal"),
    "ordinal-r": ("spellout-ordinal-r",),
    "ordinal-n": ("spellout-ordinal-n",),
    "ordinal-e": ("spellout-ordinal",),
    "ordinal-em": ("spellout-ordinal-m",),
    "ordinal-s": ("spellout-ordinal-s",),
}


class NumberWords:
    """Spells numbers in one language. Loading reads the rules from the disk; nothing after that does."""

    def __init__(self, language: str) -> None:
        """Load the rules.

        language: ISO 639-1
        raises:   ValueError when there are no rules for it
        """
        self._language = language
        self._engine = RbnfEngine.for_language(language)
        rulesets = self._engine.rulesets
        self._ruleset_by_form = {
            form: next(name for name in names if name in rulesets)
            for form, names in _RULESETS.items()
            if any(name in rulesets for name in names)
        }
        # The plural rules are read at the first question.
        self.plural(Noun(("", "")), Decimal(1))

    def has(self, form: str) -> bool:
        """Say whether the language has rules for a form, for example `ordinal-f`."""
        return form in self._ruleset_by_form

    def words(self, number: int, form: str = "plain") -> str:
        """Return the words of a whole number, 0 to `INTEGER_MAX`; as digits where the rules have a hole."""
        assert 0 <= number <= INTEGER_MAX
        try:
            return self._engine.format_number(number, ruleset_names=[self._ruleset_by_form[form]]).text
        except RbnfError:
            return str(number)

    def digits(self, digits: str) -> str:
        """Return the words of each digit."""
        return " ".join(self.words(int(digit)) for digit in digits)

    def plural(self, noun: Noun, number: Decimal) -> str:
        """Return the form of a noun that goes with a number."""
        category = get_plural_category(self._language, number, PluralType.CARDINAL)
        categories = _CATEGORIES[len(noun.forms)]
        return noun.forms[categories.index(category)] if category in categories else noun.forms[-1]
