"""The table of languages."""

from __future__ import annotations

import re

import pytest

from echoless.core.languages import LANGUAGE_BY_CODE, LANGUAGES, language_of

pytestmark = pytest.mark.unit


def test_codes_are_two_letters_and_unique() -> None:
    assert all(re.fullmatch("[a-z]{2}", language.code) for language in LANGUAGES)
    assert len(LANGUAGE_BY_CODE) == len(LANGUAGES) >= 60


def test_wire_codes_that_the_engine_calls_otherwise_are_translated() -> None:
    assert LANGUAGE_BY_CODE["zh"].engine_name == "cmn"
    assert LANGUAGE_BY_CODE["no"].engine_name == "nb"
    assert LANGUAGE_BY_CODE["en"].engine_name == "en-us"


def test_languages_are_named_in_english() -> None:
    assert all(language.name.isalpha() and language.name[0].isupper() for language in LANGUAGES)


def test_each_language_has_a_code_of_three_letters_of_its_own() -> None:
    codes = [language.long_code for language in LANGUAGES]
    assert all(re.fullmatch("[a-z]{3}", code) for code in codes)
    assert len(set(codes)) == len(codes)
    assert (LANGUAGE_BY_CODE["en"].long_code, LANGUAGE_BY_CODE["de"].long_code) == ("eng", "deu")


@pytest.mark.parametrize(
    ("said", "code"), [("en", "en"), ("ENG", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("xx", None), ("", None)]
)
def test_a_language_is_found_by_either_code(said: str, code: str | None) -> None:
    found = language_of(said)
    assert (found.code if found else None) == code
