"""The tables of words are whole: each language has the forms that its plural categories ask for."""

from __future__ import annotations

import pytest

from echoless.volatile.speech.language_words import LANGUAGE_WORDS, LanguageWords

pytestmark = pytest.mark.unit

_ALL = pytest.mark.parametrize("words", LANGUAGE_WORDS.values(), ids=lambda words: words.code)


@_ALL
def test_every_noun_has_a_form_for_each_plural_category(words: LanguageWords) -> None:
    forms = 4 if words.code == "pl" else 2
    money = [noun for money in words.money.values() for noun in (money.unit, money.hundredth)]
    assert all(len(noun.forms) == forms and all(noun.forms) for noun in [*money, *words.units.values()])
    assert all(noun.gender in "mfn" for noun in [*money, *words.units.values()])


@_ALL
def test_every_language_names_twelve_months_and_the_common_units(words: LanguageWords) -> None:
    assert len(set(words.months)) == 12
    assert {"km", "kg", "km/h", "°C", "kWh", "min"} <= set(words.units)
    assert {"$", "€", "£"} <= set(words.money)


@_ALL
def test_templates_can_be_filled(words: LanguageWords) -> None:
    assert words.cents.format(amount="A", cents="C", hundredths="H").startswith("A")
    assert all("H" in template.format(hour="H", minute="M") for template in words.times)


def test_no_table_mark_is_left_in_a_word() -> None:
    for words in LANGUAGE_WORDS.values():
        said = [form for noun in words.units.values() for form in noun.forms]
        assert not any(char in form for form in said for char in "_|:")
